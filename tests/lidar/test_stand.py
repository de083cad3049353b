"""Figures of stands against their definitions and the printed stem volumes."""

import numpy as np
import pytest

from lidar.core import stand
from lidar.core.stand import DensityEquation, diameter_cm
from lidar.core.stem_volume import StemVolumeTables
from lidar.errors import StandDensityError, UnknownVolumeEquationError

# b1 ... k2 are made up, of the size that the diagrams of conifers have
MADE_UP = {"b1": 0.07, "b2": -1.35, "b3": 5200, "b4": -2.8, "k1": 5.3, "k2": 1.5}


@pytest.mark.parametrize(
    ("equation", "dbh", "height", "volume"),
    [
        ("北海道広葉樹", 25, 18, 0.411198),
        ("北海道広葉樹", 40, 22, 1.232903),
        ("北海道カラマツ", 30, 24, 0.789702),
        ("旭川トドマツ", 21.8, 11.4, 0.2287186),
    ],
)
def test_diameter_undoes_the_printed_volumes(equation, dbh, height, volume):
    found = diameter_cm(equation, np.array([volume]), np.array([float(height)]))
    assert found[0] == pytest.approx(dbh, abs=0.01)


def test_an_impossible_stem_has_no_diameter():
    assert np.isnan(diameter_cm("北海道広葉樹", np.array([500.0]), np.array([20.0]))).all()
    with pytest.raises(UnknownVolumeEquationError):
        diameter_cm("無い", np.array([0.5]), np.array([20.0]))


def test_a_cell_agrees_with_itself():
    """Stems of the mean diameter and height make up the volume that was given."""
    total, share = np.array([180.0, 260.0]), np.array([0.9, 0.1])
    stems, height = np.array([450.0, 800.0]), np.array([17.0, 20.0])
    found = stand.figures(total, share, stems, height)
    tables = StemVolumeTables.load()
    for i, name in enumerate(("北海道広葉樹", "北海道針葉樹")):
        stem = tables.volume_m3(name, found.dbh_cm[i], height[i])
        assert stem * stems[i] == pytest.approx(total[i], rel=1e-3)
    np.testing.assert_allclose(found.form_ratio, height * 100 / found.dbh_cm)


def test_relative_spacing_by_its_definition():
    # 625 stems/ha stand 4 m apart: a fifth of a height of 20 m
    found = stand.figures(*(np.array([v]) for v in (200.0, 0.5, 625.0, 20.0)))
    assert found.relative_spacing_pct[0] == pytest.approx(20.0)
    assert np.isnan(found.yield_index[0])


def test_cells_without_trees_have_no_figures():
    found = stand.figures(*(np.array([v]) for v in (0.0, np.nan, 0.0, np.nan)))
    for values in (found.dbh_cm, found.form_ratio, found.relative_spacing_pct, found.yield_index):
        assert np.isnan(values).all()


def test_the_yield_index_is_1_at_full_density_and_grows_with_stems():
    equation = DensityEquation(**MADE_UP, source="made up")
    height = np.full(50, 18.0)
    full = 10 ** (MADE_UP["k1"] - MADE_UP["k2"] * np.log10(18.0))
    index = equation.yield_index(height, np.linspace(0.1, 1.0, 50) * full)
    assert index[-1] == pytest.approx(1.0)
    assert (np.diff(index) > 0).all()
    cell = (np.array([v]) for v in (200.0, 0.1, 600.0, 18.0))
    assert stand.figures(*cell, density={"conifer": equation}).yield_index[0] < 1


@pytest.mark.parametrize("fault", [{"b3": "many"}, {"k2": None}, {"source": ""}])
def test_a_table_with_faults_is_refused(fault):
    with pytest.raises(StandDensityError):
        DensityEquation.from_row(MADE_UP | {"source": "made up"} | fault)


def test_a_row_comes_back():
    equation = DensityEquation.from_row(MADE_UP | {"source": "made up"})
    assert DensityEquation.from_row(equation.to_dict()) == equation
