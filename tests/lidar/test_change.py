"""Losses and growth of canopies made by hand; carbon by its formula."""

import numpy as np
import pytest
from scipy import ndimage

from lidar.core import carbon
from lidar.core.carbon import CarbonFactors
from lidar.core.change import ChangeParams, canopy_loss, height_growth
from lidar.errors import CarbonFactorError

RNG = np.random.default_rng(4)


def forest(shape=(200, 200)):
    """Crowns of 15 to 22 m with dips between them."""
    rough = ndimage.gaussian_filter(RNG.normal(size=shape), 2.0)
    return (18 + 3 * rough / rough.std()).clip(9, 25).astype(np.float32)


def test_a_felled_square_is_found_and_nothing_else():
    before = forest()
    after = before + 0.8
    after[60:100, 40:90] = 0.5
    lost = canopy_loss(before, after, 1.0, ChangeParams())
    truth = np.zeros_like(lost)
    truth[60:100, 40:90] = True
    assert (lost & truth).sum() / (lost | truth).sum() > 0.98


@pytest.mark.parametrize("shift", [(1, 0), (1, 1), (0, -1)])
def test_a_shift_of_a_metre_is_no_loss(shift):
    y, x = np.mgrid[:200, :200]
    before = np.where((x % 9 < 7) & (y % 9 < 7), 18.0, 0.5).astype(np.float32)
    after = np.roll(before, shift, axis=(0, 1))
    assert not canopy_loss(before, after, 1.0, ChangeParams()).any()


def test_low_growth_and_unknown_cells_are_no_loss():
    before = np.full((60, 60), 3.0, np.float32)
    before[:, 30:] = 18.0
    after = np.full((60, 60), np.nan, np.float32)
    after[:, :30] = 0.0
    assert not canopy_loss(before, after, 1.0, ChangeParams()).any()


def test_growth_is_that_of_what_stayed():
    before = forest((100, 100))
    after = before + np.float32(1.5)
    after[:, 50:] = 0.3
    lost = canopy_loss(before, after, 1.0, ChangeParams())
    found = height_growth(before, after, lost, 5.0, 20)
    np.testing.assert_allclose(found[:, :2], 1.5, atol=1e-4)
    assert np.isnan(found[:, 3:]).all()


def test_carbon_by_hand():
    # 100 m3 of larch older than 20 years: 100 x 0.404 x 1.15 x 1.29 x 0.51
    assert CarbonFactors.of("カラマツ").carbon_t(100.0) == pytest.approx(30.566, abs=0.001)
    young = CarbonFactors.of("カラマツ").carbon_t([100.0, 100.0], [20, 21])
    assert young[0] / young[1] == pytest.approx(1.50 / 1.15)
    assert pytest.approx(44 / 12) == carbon.CO2_OF_C


def test_every_factor_has_a_source_and_unknown_species_are_told():
    assert CarbonFactors.of("その他広葉樹").source
    with pytest.raises(CarbonFactorError, match="カラマツ"):
        CarbonFactors.of("オーク")
    with pytest.raises(CarbonFactorError, match="2000-01-01"):
        CarbonFactors.of("カラマツ", "2000-01-01")
