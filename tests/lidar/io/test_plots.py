import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS

from lidar.errors import VectorFileError
from lidar.io.plots import read_plots

HEAD = "plot_id,x,y,radius_m,hardwood_m3ha,conifer_m3ha\n"


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "plots.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_plots_of_a_table(tmp_path):
    plots = read_plots(table(tmp_path, HEAD + "P1,58400,13000,11.28,120.5,30\n", "utf-8-sig"))
    assert plots.ids == ("P1",)
    assert (plots.x_m[0], plots.radius_m[0], plots.hardwood_m3ha[0]) == (58_400, 11.28, 120.5)
    assert plots.crs is None


def test_area_gives_the_radius(tmp_path):
    text = "plot_id,x,y,area_m2,hardwood_m3ha,conifer_m3ha\nP,0,0,400,1,2\n"
    assert read_plots(table(tmp_path, text)).radius_m[0] == pytest.approx(11.2838, abs=1e-4)


def test_longitude_and_latitude_are_projected(tmp_path):
    text = "plot_id,lon,lat,radius_m,hardwood_m3ha,conifer_m3ha\nP,142.25,44.0,10,1,2\n"
    plots = read_plots(table(tmp_path, text)).to(CRS(6680))
    assert (plots.x_m[0], plots.y_m[0]) == pytest.approx((0, 0), abs=1e-3)


def test_names_in_cp932(tmp_path):
    assert read_plots(table(tmp_path, HEAD + "滝上１,0,0,10,1,2\n", "cp932")).ids == ("滝上１",)


def test_points_of_a_geopackage(tmp_path):
    path = tmp_path / "plots.gpkg"
    columns = {"plot_id": ["a", "b"], "radius_m": [8.0, 9.0]}
    columns |= {"hardwood_m3ha": [1.0, 2.0], "conifer_m3ha": [0.0, 0.0]}
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(shapely.points([[58_400, 13_000], [58_500, 13_000]])),
        field_data=[np.array(v) for v in columns.values()],
        fields=np.array(list(columns), object),
        driver="GPKG",
        geometry_type="Point",
        crs="EPSG:6680",
    )
    plots = read_plots(path)
    assert plots.x_m.tolist() == [58_400, 58_500]
    assert plots.crs == CRS(6680)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "holds no plots"),
        (HEAD + "P1,1,2,3,4,5\nP2,1,2,3,x,5\n", "row 2, column hardwood_m3ha: 'x' is not a number"),
        (HEAD + "P1,1,2,0,4,5\n", "row 1 has no size above 0"),
        ("plot_id,x,y\nP1,1,2\n", "no column 'area_m2'"),
        ("plot_id,east\nP1,1\n", "no column 'lon'"),
    ],
)
def test_faults_name_row_and_column(tmp_path, text, message):
    with pytest.raises(VectorFileError, match=message):
        read_plots(table(tmp_path, text))
