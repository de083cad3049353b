"""Formats that only PDAL reads, as input of a run."""

import numpy as np
import pytest

from lidar.errors import PdalMissingError, PdalPipelineError
from lidar.io import cog, pdal
from lidar.run import RunParams, execute
from lidar.run.conversion import as_las


@pytest.fixture(scope="module")
def ply(shared_data, tmp_path_factory):
    """A real cloud as PLY, which knows no coordinate system, beside its source."""
    try:
        pdal.find()
    except PdalMissingError as error:
        pytest.skip(str(error))
    source = shared_data / "lidar" / "forest" / "Topography.laz"
    path = tmp_path_factory.mktemp("ply") / "cloud.ply"
    binary = {"storage_mode": "little endian"}  # as text PDAL keeps six digits
    pdal.run([str(source), {"type": "writers.ply", "filename": str(path), **binary}])
    return source, path


def test_a_run_of_another_format_gives_the_same_terrain(ply, tmp_path):
    source, path = ply
    params = RunParams(epsg=2949, ground="delivered")
    results = [
        execute([file], tmp_path / file.suffix[1:], params=params, workers=0)
        for file in (source, path)
    ]
    terrain = [cog.read(result.rasters["dtm"]) for result in results]
    assert terrain[0].shape == terrain[1].shape
    # the source has quarters of a millimetre: a rounded mean may fall on the next centimetre
    assert np.nanquantile(abs(terrain[0] - terrain[1]), 0.99) < 0.0101
    assert [i["name"] for i in results[1].manifest["inputs"]] == ["cloud.ply.las"]


def test_converting_again_gives_the_same_bytes_and_las_is_left_alone(ply, tmp_path):
    source, path = ply
    first, second = (as_las([source, path], tmp_path / name, 2949) for name in "ab")
    assert first[0] == second[0] == source
    assert first[1].read_bytes() == second[1].read_bytes()
    made = first[1].stat().st_mtime_ns
    assert as_las([path], tmp_path / "a", 2949)[0].stat().st_mtime_ns == made


def test_a_broken_file_is_told(ply, tmp_path):
    (tmp_path / "torn.ply").write_bytes(ply[1].read_bytes()[:200])
    with pytest.raises(PdalPipelineError):
        execute([tmp_path / "torn.ply"], tmp_path / "out", params=RunParams(epsg=2949), workers=0)
    assert not list((tmp_path / "out" / ".work").rglob("*.las"))
