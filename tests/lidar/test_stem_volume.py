"""Stem volumes against published and independently computed test values."""

import numpy as np
import pytest

from lidar.core.stem_volume import BROADLEAF_EQUATION, PowerEquation, StemVolumeTables
from lidar.errors import UnknownVolumeEquationError

TABLES = StemVolumeTables.load()


def raw(name: str, dbh_cm: float, height_m: float) -> float:
    equation = TABLES.equations[name]
    assert isinstance(equation, PowerEquation)
    return float(equation.raw_m3(np.array([dbh_cm]), np.array([height_m]))[0])


# README of the stemv package (R), version of 2024.
@pytest.mark.parametrize(
    ("name", "dbh_cm", "height_m", "smoothed", "unsmoothed"),
    [
        ("旭川トドマツ", 21.8, 11.4, 0.2287186, 0.2200923),
        ("函館エゾマツ", 51, 25, 2.29211, 2.35948),
    ],
)
def test_values_of_the_stemv_readme(name, dbh_cm, height_m, smoothed, unsmoothed):
    assert TABLES.volume_m3(name, dbh_cm, height_m) == pytest.approx(smoothed, rel=3e-6)
    assert raw(name, dbh_cm, height_m) == pytest.approx(unsmoothed, rel=3e-6)


@pytest.mark.parametrize(
    ("dbh_cm", "height_m", "unsmoothed", "smoothed"),
    [
        (8, 7, 0.019194, 0.019194),
        (10, 9, 0.035666, 0.036508),
        (15, 13, 0.110921, 0.110921),
        (20, 15, 0.222079, 0.222032),
        (21, 15, 0.240624, 0.243106),
        (25, 18, 0.411198, 0.411198),
        (30, 20, 0.651887, 0.653746),
        (31, 20, 0.693759, 0.695295),
        (40, 22, 1.232903, 1.232903),
        (60, 25, 2.998611, 2.998611),
    ],
)
def test_broadleaf(dbh_cm, height_m, unsmoothed, smoothed):
    assert raw(BROADLEAF_EQUATION, dbh_cm, height_m) == pytest.approx(unsmoothed, abs=6e-7)
    assert TABLES.volume_m3(BROADLEAF_EQUATION, dbh_cm, height_m) == pytest.approx(
        smoothed, abs=6e-7
    )


@pytest.mark.parametrize(
    ("name", "volume_m3"),
    [
        ("旭川トドマツ", 0.7330),
        ("旭川エゾマツ", 0.7040),
        ("北見トドマツ", 0.7344),
        ("北見エゾマツ", 0.7106),
        ("帯広トドマツ", 0.6912),
        ("帯広エゾマツ", 0.6534),
        ("札幌トドマツ", 0.7401),
        ("札幌エゾマツ", 0.7524),
        ("函館トドマツ", 0.7243),
        ("函館エゾマツ", 0.6886),
        ("函館ヒバ", 0.6835),
        ("函館ブナ", 0.6208),
    ],
)
def test_every_equation_at_30_cm_and_20_m(name, volume_m3):
    assert TABLES.volume_m3(name, 30, 20) == pytest.approx(volume_m3, abs=6e-5)


@pytest.mark.parametrize(
    ("name", "dbh_cm", "height_m", "volume_m3"),
    [
        ("北海道カラマツ", 20, 18, 0.270585),
        ("北海道カラマツ", 30, 24, 0.789702),
        ("北海道針葉樹", 20, 18, 0.292074),
        ("北海道針葉樹", 30, 24, 0.819390),
    ],
)
def test_form_factor_method(name, dbh_cm, height_m, volume_m3):
    assert TABLES.volume_m3(name, dbh_cm, height_m) == pytest.approx(volume_m3, abs=6e-7)


def test_smoothing_leaves_no_jump_at_any_joint():
    for name, equation in TABLES.equations.items():
        if not isinstance(equation, PowerEquation) or not equation.smoothed:
            continue
        for edge in np.concatenate([equation.dbh_from_cm[1:] + d for d in (-3, 0, 3)]):
            below, above = TABLES.volume_m3(name, [edge - 1e-7, edge + 1e-7], 20.0)
            assert above == pytest.approx(below, rel=1e-6), (name, edge)


def test_shapes_broadcast_and_trees_without_size_have_no_volume():
    volume = TABLES.volume_m3(BROADLEAF_EQUATION, [[0.0, 12.0]], [[10.0], [0.0]])
    assert volume.shape == (2, 2)
    assert volume[0, 1] > 0
    assert (volume[[0, 1, 1], [0, 0, 1]] == 0).all()
    assert TABLES.volume_m3("北海道カラマツ", 0.0, 5.0) == 0


@pytest.mark.parametrize(
    ("species", "bureau", "equation"),
    [
        ("ミズナラ", "北見", "北海道広葉樹"),
        ("トドマツ", "北見", "北見トドマツ"),
        ("アカエゾマツ", "帯広", "帯広エゾマツ"),
        ("カラマツ", "北見", "北海道カラマツ"),
        ("ブナ", "函館", "函館ブナ"),
        ("ブナ", "北見", "北海道広葉樹"),
        ("グイマツ", "旭川", "北海道針葉樹"),
        ("クリーンラーチ", "旭川", "北海道針葉樹"),
    ],
)
def test_choice_of_equation(species, bureau, equation):
    assert TABLES.equation_for(species, bureau) == equation
    assert equation in TABLES.equations


def test_unknown_names_are_refused():
    with pytest.raises(UnknownVolumeEquationError, match="東京"):
        TABLES.equation_for("ミズナラ", "東京")
    with pytest.raises(UnknownVolumeEquationError) as caught:
        TABLES.volume_m3("no such", 20, 20)
    assert caught.value.fields["equation"] == "no such"
