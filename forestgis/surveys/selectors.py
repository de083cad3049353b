"""Reads of surveys; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forestgis.registry.domain.entry import RegisterEntry
from forestgis.registry.models import Municipality
from forestgis.registry.selectors import register_entry
from forestgis.surveys.domain.card import Card, Estimate, LidarVolume, Model, Source
from forestgis.surveys.models import BatchFile, Product, Publication, Run, ZoneVolume
from forestgis.tenancy.principal import Principal, acting_as

#: Zones reach over the edge of the scan by less than this without a word about it.
_WHOLLY_SCANNED_PCT = Decimal("99.0")


def card(key: str, principal: Principal) -> Card | None:
    """Put together what may be told to a principal of one 小班 or grid square.

    Parameters
    ----------
    key : str
        KEYCODE of 14 digits, or the key of a grid square.
    principal : Principal
        On whose behalf; rows it may not read are as if they were not there.

    Returns
    -------
    Card or None
        None when there is neither a published volume nor a register entry to see.
    """
    with acting_as(principal):
        zone, publication = _published_zone(key)
        entry = register_entry(key, zone.municipality_id if zone else None)
        if zone is None and entry is None:
            return None
        return _card(key, zone, publication, entry)


def _card(
    key: str,
    zone: ZoneVolume | None,
    publication: Publication | None,
    entry: RegisterEntry | None,
) -> Card:
    """Put together what there is."""
    volume = _volume(zone, publication) if zone and publication else None
    code = zone.municipality_id if zone else entry.municipality_code if entry else ""
    return Card(
        key=key,
        label=zone.label if zone else entry.label if entry else key,
        municipality_code=code,
        municipality_name=_municipality_name(code),
        volume=volume,
        register=entry,
        cautions=_cautions(volume, entry),
    )


def _municipality_name(code: str) -> str:
    """Name of the municipality in the reader's language."""
    municipality = Municipality.objects.get(pk=code)
    english = get_language() == "en" and municipality.name_en
    return municipality.name_en if english else municipality.name


def _published_zone(key: str) -> tuple[ZoneVolume | None, Publication | None]:
    """Find the zone of the most recent active publication."""
    publication = (
        Publication.objects.filter(withdrawn_at__isnull=True, run__zones__key=key)
        .order_by("-published_at")
        .first()
    )
    if publication is None:
        return None, None
    zone = ZoneVolume.objects.select_related("run").get(run=publication.run_id, key=key)
    return zone, publication


def _volume(zone: ZoneVolume, publication: Publication) -> LidarVolume:
    run = zone.run
    return LidarVolume(
        area_ha=zone.area_ha,
        scanned_pct=_scanned_pct(zone),
        hardwood=Estimate(
            zone.hardwood_m3, zone.hardwood_se_m3, zone.hardwood_m3ha, zone.hardwood_se_m3ha
        ),
        conifer=Estimate(
            zone.conifer_m3, zone.conifer_se_m3, zone.conifer_m3ha, zone.conifer_se_m3ha
        ),
        mean_height_m=zone.mean_height_m,
        cover_pct=zone.cover_pct,
        extrapolated_pct=zone.extrapolated_pct,
        model=model_of(run),
        source=Source(
            run_id=run.pk,
            engine_version=run.engine_version,
            finished_at=run.finished_at,
            scanned_on=zone.scanned_on,
            simulated=bool(run.summary.get("simulated")),
            batch_name=str(run.summary.get("batch_name", "")),
            sharing=publication.sharing,
        ),
    )


def _scanned_pct(zone: ZoneVolume) -> Decimal:
    """Give the share of the zone's area that the scan covers, in percent."""
    if not zone.area_ha:
        return Decimal(0)
    return (100 * zone.scanned_ha / zone.area_ha).quantize(Decimal("0.1"))


def model_of(run: Run) -> Model:
    """Figures of merit of the run's volume model."""
    quality: dict[str, Any] = run.summary.get("model", {})
    return Model(
        calibrated=run.calibrated,
        n_plots=quality.get("n_plots"),
        rmse_pct=quality.get("rmse_pct"),
        method=str(quality.get("method", "")),
    )


def _cautions(volume: LidarVolume | None, entry: RegisterEntry | None) -> tuple[str, ...]:
    """Say what a reader must know before using the figures."""
    cautions = []
    if volume is not None:
        if volume.source.simulated:
            cautions.append(_("架空データです。実在の森林の値ではありません。"))
        if not volume.model.calibrated:
            cautions.append(_("未校正：現地の標準地で校正していない目安です。誤差は分かりません。"))
        if volume.extrapolated_pct:
            cautions.append(
                _("面積の%(pct)s%%は、校正に使った標準地の範囲の外にある推定です。")
                % {"pct": volume.extrapolated_pct}
            )
    if volume is not None and entry is not None:
        cautions.append(
            _(
                "森林簿の蓄積は調査時点も求め方も違うため、レーザの材積とは一致しません。"
                "差は誤りを意味しません。"
            )
        )
    return tuple(cautions)


def runs() -> QuerySet[Run]:
    """List the runs that the acting principal may see, newest first."""
    return Run.objects.select_related("batch", "job", "municipality").order_by("-created_at")


def run(run_id: UUID) -> Run | None:
    """One run, or None when it is not there for the acting principal."""
    return runs().filter(pk=run_id).first()


def zones(run: Run) -> QuerySet[ZoneVolume]:
    """Zones of a run in the order of their keys, without geometry."""
    return ZoneVolume.objects.filter(run=run).defer("geom", "geom_3857").order_by("key")


def batch_files(run: Run) -> QuerySet[BatchFile]:
    """Point cloud files of the run's batch."""
    return BatchFile.objects.filter(batch_id=run.batch_id).order_by("path")


def active_publication(run: Run) -> Publication | None:
    """Find the publication in force, if any."""
    return Publication.objects.filter(run=run, withdrawn_at__isnull=True).first()


def provenance(run: Run) -> dict[str, Any]:
    """Where the run's numbers come from: files with checksums, parameters, engine, model.

    Paths and checksums are the batch's, which only its municipality and the
    prefecture may read; for others `files` is empty.
    """
    return {
        "run": str(run.pk),
        "engine_version": run.engine_version,
        "params": run.params,
        "model": run.model,
        "batch": str(run.batch_id),
        "files": [
            {"path": path, "sha256": digest, "size": size, "points": points}
            for path, digest, size, points in BatchFile.objects.filter(
                batch_id=run.batch_id
            ).values_list("path", "sha256", "size", "points")
        ],
        "products": [
            {"kind": kind, "path": path, "sha256": digest}
            for kind, path, digest in Product.objects.filter(run=run).values_list(
                "kind", "path", "sha256"
            )
        ],
    }
