"""Volume models: against simulated truth, real plots, and their own promises."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.reference import aba
from bench.reference.scenes import zone_errors
from lidar.core import laws, totals, volume
from lidar.core.calibration import PlotSample
from lidar.core.regression import fit_log_linear, fit_power, left_out_power, logistic, with_constant
from lidar.core.residuals import ResidualModel, Residuals
from lidar.core.strata import PureStands
from lidar.core.volume_model import VolumeModel
from lidar.errors import PlotSampleError
from lidar.simulate import SceneParams
from lidar.simulate.survey import measure

SEEDS = (101, 102, 103)


def params(seed, **other):
    size = {"width_m": 800, "height_m": 640, "compartment_ha": 2.0, "plots": 120} | other
    return SceneParams(pulses_m2=2.0, dense_share=0, seed=seed, **size)


def calibrating(survey):
    """The 60 plots models are fitted to; the other 60 are for judging."""
    return survey.plots.take(np.arange(60))


@pytest.fixture(scope="module")
def surveys():
    return [measure(params(seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def models(surveys):
    return [volume.fit(calibrating(survey)) for survey in surveys]


@pytest.fixture(scope="module")
def zones(surveys, models):
    return [
        totals.zone_totals(model, survey.cells, survey.zones, survey.grid.cols)
        for survey, model in zip(surveys, models, strict=True)
    ]


def column(zones, name):
    return np.array([getattr(zone, name) for zone in zones])


def test_scene_hardwood_is_within_a_tenth(surveys, zones):
    for survey, found in zip(surveys, zones, strict=True):
        assert column(found, "hardwood_m3").sum() == pytest.approx(
            survey.hardwood_m3.sum(), rel=0.1
        )


def test_compartment_hardwood_error_is_under_a_fifth_of_the_mean(surveys, zones):
    """By area over all seeds: compartments here are 2 ha, and one of 1 ha can be far off."""
    square, mean, area = 0.0, 0.0, 0.0
    for survey, found in zip(surveys, zones, strict=True):
        error = (column(found, "hardwood_m3") - survey.hardwood_m3) / survey.area_ha
        square += float((survey.area_ha * error**2).sum())
        mean += float(survey.hardwood_m3.sum())
        area += float(survey.area_ha.sum())
    assert np.sqrt(square / area) / (mean / area) < 0.2


@pytest.mark.parametrize("group", ["hardwood", "conifer", "total"])
def test_nine_intervals_of_ten_hold_the_truth(surveys, zones, group):
    inside = []
    for survey, found in zip(surveys, zones, strict=True):
        truth = {
            "hardwood": survey.hardwood_m3,
            "conifer": survey.conifer_m3,
            "total": survey.hardwood_m3 + survey.conifer_m3,
        }[group]
        error = np.abs(column(found, f"{group}_m3") - truth)
        inside.append(error <= 1.645 * column(found, f"{group}_se_m3") + 1e-9)
    # Conifers of pure hardwood stands have wide intervals on purpose: none there, never sure.
    assert 0.82 <= np.mean(np.concatenate(inside)) <= (1.0 if group == "conifer" else 0.98)


def test_held_out_figures_are_those_of_new_plots(surveys, models):
    """A model's leave-one-out error must tell what happens on plots it has never seen."""
    seen, said, inside = [], [], []
    for survey, model in zip(surveys, models, strict=True):
        new = survey.plots.take(np.arange(60, 120))
        error = model.predict(new.metrics).hardwood_m3ha - new.hardwood_m3ha
        seen.append(np.mean(error**2))
        said.append(model.quality["leave_one_out"]["hardwood"]["rmse_m3ha"] ** 2)
        inside.append(np.abs(error) <= 1.645 * model.errors(new.metrics).hardwood_se_m3ha + 1e-6)
    assert np.sqrt(np.mean(seen)) == pytest.approx(np.sqrt(np.mean(said)), rel=0.25)
    assert 0.85 <= np.mean(np.concatenate(inside)) <= 0.97


def test_strata_of_pure_stands(surveys, models):
    right = []
    for survey, model in zip(surveys, models, strict=True):
        plots = survey.plots
        share = plots.hardwood_m3ha / np.maximum(plots.total_m3ha, 1e-9)
        pure = (plots.total_m3ha > 40) & ((share > 0.95) | (share < 0.05))
        code = model.predict(plots.metrics).stratum
        right.append((code == np.where(share > 0.5, 1, 2))[pure])
    assert np.mean(np.concatenate(right)) >= 0.9


def test_strata_come_with_their_confusion(models):
    for model in models:
        for way in ("leave_one_out", "spatial_blocks"):
            strata = model.quality[way]["strata"]
            assert strata["accuracy_pure"] > 0.8
            counts = np.array(strata["matrix"])
            assert counts.sum() <= 60
            assert strata["accuracy"] == pytest.approx(np.trace(counts) / counts.sum())


def test_pure_stands_of_the_register_help_where_plots_are_few(surveys):
    error = {}
    for use_register in (False, True):
        found = [
            zone_errors(
                replace(survey, plots=survey.plots.take(np.arange(20))), use_register=use_register
            )
            for survey in surveys
        ]
        error[use_register] = np.sqrt(np.mean([zones.rmse_pct**2 for zones in found]))
    assert error[True] < 0.95 * error[False]


def test_pure_stands_give_a_few_whole_cells_each():
    metrics = {"cover_first": np.full(40, 0.8), "h_p95": np.arange(40.0)}
    metrics["cover_first"][12] = 0.0
    zones = [(np.arange(10 * k, 10 * k + 10), np.full(10, 400.0)) for k in range(4)]
    zones[0][1][:8] = 120.0
    pure = PureStands.of(metrics, zones, np.array([0.95, 0.02, 0.5, np.nan]))
    assert pure.metrics["h_p95"].tolist() == [8.0, 9.0, 13.0, 17.0]
    assert pure.share.tolist() == [0.95, 0.95, 0.02, 0.02]
    none = PureStands.of(metrics, zones, np.full(4, np.nan))
    assert len(none) == 0


def test_zone_volume_is_the_sum_of_the_raster(surveys, models, zones):
    survey, model = surveys[0], models[0]
    raster = model.predict(survey.cells).hardwood_m3ha
    assert raster.dtype == np.float32
    for (cells, area_m2), zone in zip(survey.zones, zones[0], strict=True):
        by_hand = sum(float(raster[c]) * a / 10_000 for c, a in zip(cells, area_m2, strict=True))
        assert zone.hardwood_m3 == pytest.approx(by_hand, rel=1e-12)
        assert zone.area_ha == pytest.approx(area_m2.sum() / 10_000)


def test_totals_use_the_raster_they_are_given(surveys, models):
    survey, model = surveys[0], models[0]
    volumes = model.predict(survey.cells)
    halved = replace(volumes, hardwood_m3ha=volumes.hardwood_m3ha / 2)
    args = model, survey.cells, survey.zones, survey.grid.cols, survey.grid.cell_m
    whole, half = totals.zone_totals(*args, volumes), totals.zone_totals(*args, halved)
    assert column(half, "hardwood_m3") == pytest.approx(column(whole, "hardwood_m3") / 2)


def test_predictions_are_possible_volumes(surveys, models):
    for survey, model in zip(surveys, models, strict=True):
        cells = model.predict(survey.cells)
        seen = survey.cells["n_first"] > 0
        for values in (cells.hardwood_m3ha, cells.conifer_m3ha):
            assert np.isnan(values[~seen]).all()
            assert (values[seen] >= 0).all()
            assert np.nanmax(values) < 1500
        bare = seen & ~(survey.cells["cover_first"] > 0.005)
        assert (cells.hardwood_m3ha[bare] == 0).all()
        assert (cells.stratum[bare] == 0).all()


def test_a_cell_has_the_same_bits_alone_or_in_company(surveys, models):
    survey, model = surveys[1], models[1]
    every = model.predict(survey.cells)
    for some in (np.array([7]), np.arange(40, 171), np.arange(0, survey.grid.size, 3)):
        part = model.predict({name: v[some] for name, v in survey.cells.items()})
        assert part.hardwood_m3ha.tobytes() == every.hardwood_m3ha[some].tobytes()
        assert part.conifer_m3ha.tobytes() == every.conifer_m3ha[some].tobytes()


def test_json_round_trip_keeps_every_bit(surveys, models):
    survey, model = surveys[0], models[0]
    again = VolumeModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert again.to_dict() == model.to_dict()
    assert (
        again.predict(survey.cells).hardwood_m3ha.tobytes()
        == model.predict(survey.cells).hardwood_m3ha.tobytes()
    )


def test_same_plots_same_model(surveys, models):
    assert volume.fit(calibrating(surveys[0])).to_dict() == models[0].to_dict()


def test_cells_unlike_any_plot_are_flagged(surveys, models):
    survey, model = surveys[0], models[0]
    strange = {name: values.copy() for name, values in survey.cells.items()}
    tall = [n for n in strange if n.startswith("h_") and n not in ("h_skew", "h_kurt")]
    for name in tall:
        strange[name] = strange[name] * 3
    stocked = (survey.cells["cover_first"] > 0.5) & (survey.cells["h_mean"] > 10)
    assert model.predict(strange).extrapolated[stocked].all()
    assert model.predict(survey.cells).extrapolated[stocked].mean() < 0.1


def test_fewer_plots_give_wider_errors(surveys, models, zones):
    survey = surveys[0]
    few = volume.fit(survey.plots.take(np.arange(15)))
    found = totals.zone_totals(few, survey.cells, survey.zones, survey.grid.cols)
    wide, narrow = column(found, "hardwood_se_m3").sum(), column(zones[0], "hardwood_se_m3").sum()
    assert wide > 1.2 * narrow


def stands(rng, shared, number=400):
    """Plots in pairs 20 m apart, one pair a stand, `shared` of their variance in common."""
    x = np.repeat(1000.0 * np.arange(number), 2) + np.tile([0.0, 20.0], number)
    common = np.repeat(rng.normal(0, 1, number), 2)
    own = rng.normal(0, 1, 2 * number)
    noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    return np.column_stack([x, np.zeros(2 * number)]), noise


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.8])
def test_what_stands_share_is_found_but_never_less_than_a_quarter(shared):
    rng = np.random.default_rng(5)
    xy_m, noise = stands(rng, shared)
    total, share = np.full(noise.size, 300.0), np.full(noise.size, 0.4)
    none = np.zeros(noise.size)
    found = ResidualModel.fit(
        Residuals(60.0 * noise, none), Residuals(0.1 * noise, none), total, share, xy_m
    )
    # Pairs 20 m apart count as the same stand with a chance of exp(-0.2).
    expected = max(shared / np.exp(-0.2), 0.25)
    assert found.shared == pytest.approx(min(expected, 0.9), abs=0.12)
    assert found.mixing_shared == pytest.approx(min(expected, 0.9), abs=0.12)
    assert found.variance(total, np.ones(total.size)) == pytest.approx(3600, rel=0.15)
    mixing = found.variance(total, share) - 0.4**2 * found.variance(total, np.ones(total.size))
    assert np.sqrt(mixing) == pytest.approx(30.0, rel=0.1)


def test_prediction_error_is_not_counted_twice():
    rng = np.random.default_rng(6)
    xy_m, noise = stands(rng, 0.3)
    total, share = np.full(noise.size, 300.0), np.full(noise.size, 0.4)
    known = np.full(noise.size, 900.0)
    none = np.zeros(noise.size)

    def scatter(prediction_variance):
        return ResidualModel.fit(
            Residuals(60.0 * noise, prediction_variance), Residuals(none, none), total, share, xy_m
        ).variance(total[:1], np.ones(1))[0]

    assert scatter(none) - scatter(known) == pytest.approx(900, rel=0.01)
    assert scatter(10 * known) == pytest.approx(scatter(none) / 2)


def test_errors_of_a_stand_do_not_average_out():
    scatter = ResidualModel(0.0, 0.04, 0.1, 0.25, 0.25)
    se = []
    for side in (2, 5, 9):
        xy_m = 20.0 * np.array(list(np.ndindex(side, side)), np.float64)
        weight = np.full(side**2, 1 / side**2)
        total, share = np.full(side**2, 300.0), np.ones(side**2)
        se.append(np.sqrt(scatter.variance_of_sum(weight, total, share, xy_m)))
    assert se[0] > se[1] > se[2]
    # A quarter of the variance is the stand's: half of the 20 % of a cell, however many cells.
    assert 0.4 * 60 < se[2] < 0.5 * 60


def test_zone_off_the_scan_has_no_volume_per_hectare(surveys, models):
    survey, model = surveys[0], models[0]
    cells = {name: values.copy() for name, values in survey.cells.items()}
    for name in cells:
        cells[name][:50] = 0 if name.startswith("n_") else np.nan
    zone = totals.zone_totals(
        model, cells, [(np.arange(50), np.full(50, 400.0))], survey.grid.cols
    )[0]
    assert (zone.hardwood_m3, zone.scanned_ha, zone.n_cells) == (0.0, 0.0, 0)
    assert zone.to_dict()["hardwood_m3ha"] is None
    assert zone.area_ha == pytest.approx(2.0)


def test_without_plots_the_interval_is_wide_and_marked(surveys):
    model = volume.uncalibrated()
    assert not model.calibrated
    assert (
        VolumeModel.from_dict(json.loads(json.dumps(model.to_dict()))).to_dict() == model.to_dict()
    )
    for survey in surveys:
        found = totals.zone_totals(model, survey.cells, survey.zones, survey.grid.cols)
        stocked = survey.hardwood_m3 + survey.conifer_m3 > 50 * survey.area_ha
        se, total = column(found, "total_se_m3")[stocked], column(found, "total_m3")[stocked]
        assert (se > 0.35 * total).all()
        assert not any(zone.calibrated for zone in found)
        truth = (survey.hardwood_m3 + survey.conifer_m3)[stocked]
        assert np.mean(np.abs(total - truth) <= 1.96 * se) > 0.6


def sample(n, **columns):
    rng = np.random.default_rng(1)
    values = {"n_first": np.full(n, 500.0), "h_p95": rng.uniform(5, 25, n)}
    defaults = {
        "metrics": values,
        "hardwood_m3ha": rng.uniform(0, 300, n),
        "conifer_m3ha": rng.uniform(0, 300, n),
        "x_m": rng.uniform(0, 900, n),
        "y_m": rng.uniform(0, 900, n),
        "area_m2": np.full(n, 400.0),
    }
    return PlotSample(**(defaults | columns))


def test_bad_plots_are_refused_with_the_reason():
    with pytest.raises(PlotSampleError, match="conifer_m3ha has 3 values for 20"):
        sample(20, conifer_m3ha=np.zeros(3))
    negative = np.ones(20)
    negative[4] = -2
    with pytest.raises(PlotSampleError, match="plot 5 is -2"):
        sample(20, hardwood_m3ha=negative)
    with pytest.raises(PlotSampleError, match="at least 12") as caught:
        volume.fit(sample(5))
    assert caught.value.fields["usable"] == 5
    unseen = sample(20)
    unseen.metrics["n_first"][3:] = 0
    with pytest.raises(PlotSampleError, match="3 of 20 lie on scanned ground"):
        volume.fit(unseen)
    with pytest.raises(PlotSampleError, match="no volume"):
        volume.fit(sample(20, hardwood_m3ha=np.zeros(20), conifer_m3ha=np.zeros(20)))


@pytest.mark.parametrize("only", ["hardwood", "conifer"])
def test_plots_of_one_kind_alone_calibrate(surveys, only):
    plots = calibrating(surveys[0])
    none = np.zeros(len(plots))
    total = plots.total_m3ha
    pure = PlotSample(
        plots.metrics,
        total if only == "hardwood" else none,
        total if only == "conifer" else none,
        plots.x_m,
        plots.y_m,
        plots.area_m2,
    )
    model = volume.fit(pure)
    found = totals.zone_totals(model, surveys[0].cells, surveys[0].zones, surveys[0].grid.cols)
    own = column(found, f"{only}_m3").sum()
    assert own / column(found, "total_m3").sum() > 0.97


def test_power_regression_finds_known_coefficients():
    rng = np.random.default_rng(3)
    design = with_constant(np.log(rng.uniform(2, 25, (400, 2))))
    true = np.array([2.0, 0.9, 0.4])
    volume_m3 = np.exp(design @ true) * rng.lognormal(-0.005, 0.1, 400)
    assert fit_power(design, volume_m3, np.ones(400)) == pytest.approx(true, abs=0.05)
    assert logistic(np.array([-800.0, 0.0, 800.0])) == pytest.approx([0.0, 0.5, 1.0])


def left_out_one_by_one(design, volume_m3):
    rows = np.arange(len(volume_m3))
    return np.array(
        [
            np.exp(
                design[i]
                @ fit_power(design[rows != i], volume_m3[rows != i], np.ones(len(rows) - 1))
            )
            for i in rows
        ]
    )


def test_left_out_in_closed_form_is_close_to_refitting():
    rng = np.random.default_rng(8)
    design = with_constant(np.log(rng.uniform(2, 25, (50, 2))))
    volume_m3 = np.exp(design @ [2.0, 0.9, 0.4]) * rng.lognormal(0, 0.3, 50)
    refitted = left_out_one_by_one(design, volume_m3)
    assert left_out_power(design, volume_m3) == pytest.approx(refitted, rel=0.02)
    shift = np.abs(refitted - np.exp(design @ fit_power(design, volume_m3, np.ones(50))))
    assert np.abs(left_out_power(design, volume_m3) - refitted).max() < 0.2 * shift.max()


def test_log_linear_regression_is_corrected_for_bias():
    rng = np.random.default_rng(9)
    design = with_constant(np.log(rng.uniform(8, 25, (4000, 2))))
    true = np.array([2.0, 0.9, 0.4])
    volume_m3 = np.exp(design @ true) * rng.lognormal(-0.5 * 0.4**2, 0.4, 4000)
    found = fit_log_linear(design, volume_m3, np.ones(4000))
    assert found[1:] == pytest.approx(true[1:], abs=0.06)
    assert np.exp(design @ found).sum() == pytest.approx(volume_m3.sum())


def test_montmorency_plots(shared_data):
    """Real plots of balsam fir and birch; plain NLS reaches 36.3 % on the same 165 plots."""
    found = aba.judge(aba.montmorency(shared_data))
    assert found.rmse_pct <= 34.8
    assert abs(found.bias_pct) < 0.5
    assert 87 <= found.coverage_90 <= 93


def test_grisons_plots(shared_data):
    """Alpine spruce; a linear model of the same four metrics reaches 31.1 % on the 67 plots."""
    found = aba.judge(aba.grisons(shared_data))
    assert found.rmse_pct <= 31.0
    assert abs(found.bias_pct) < 1
    assert 87 <= found.coverage_90 <= 93


def test_moscow_mountain_plots(shared_data):
    """Basal area of mixed conifers, a wide range: no figure to beat, but no bias either."""
    found = aba.judge(aba.moscow_stjoe(shared_data))
    assert found.r2 > 0.6
    assert abs(found.bias_pct) < 1


@pytest.mark.parametrize("family", laws.FAMILIES)
def test_every_family_predicts_explains_and_is_kept(surveys, family):
    survey = surveys[0]
    model = volume.fit(calibrating(survey), family)
    assert model.law.family == family
    again = VolumeModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    cells = model.predict(survey.cells)
    assert again.predict(survey.cells).hardwood_m3ha.tobytes() == cells.hardwood_m3ha.tobytes()
    new = survey.plots.take(np.arange(60, 120))
    error = model.predict(new.metrics).hardwood_m3ha - new.hardwood_m3ha
    se = model.errors(new.metrics).hardwood_se_m3ha
    assert 0.8 <= np.mean(np.abs(error) <= 1.645 * se + 1e-6) <= 1.0
    assert np.sqrt(np.mean(error**2)) < 0.6 * new.hardwood_m3ha.mean()


@pytest.mark.slow
def test_the_best_family_is_the_one_with_the_least_error_in_blocks(surveys):
    model = volume.fit(calibrating(surveys[1]), volume.BEST)
    compared = model.quality["families"]
    assert set(compared) == set(laws.FAMILIES)
    errors = {family: figures["total"]["rmse_m3ha"] for family, figures in compared.items()}
    assert errors[model.law.family] == min(errors.values())
    with pytest.raises(PlotSampleError, match="no model family 'cubic'"):
        volume.fit(calibrating(surveys[1]), "cubic")


@pytest.mark.slow
@pytest.mark.parametrize("season", ["leaf_off", "leaf_on"])
def test_scenes_of_the_default_size(season):
    """Coverage over scenes, not one lucky one; in leaf crowns hide what is below them."""
    scene_pct, rmse_pct = {"leaf_off": (5, 20), "leaf_on": (10, 33)}[season]
    inside = []
    for seed in (SceneParams().seed, 11, 12):
        scene = SceneParams(pulses_m2=1.5, dense_share=0, seed=seed, season=season)
        found = zone_errors(measure(scene))
        assert abs(found.scene_pct) < scene_pct
        assert found.rmse_pct < rmse_pct
        assert found.inside.mean() > 0.8
        inside.append(found.inside)
    assert 0.85 <= np.mean(np.concatenate(inside)) <= 0.95
