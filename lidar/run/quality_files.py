"""The files of a quality report: JSON, maps, a page to read."""

from __future__ import annotations

from pathlib import Path

from lidar.core.survey_quality import SurveyQuality
from lidar.io.json_file import write_json
from lidar.run import quality_maps, quality_page, result, survey_report
from lidar.run.assembly import Cells
from lidar.run.quality import Report


def write(folder: Path, report: Report, cells: Cells, measured: SurveyQuality) -> None:
    """Write quality.json, the maps and quality.html into a folder.

    Parameters
    ----------
    folder : Path
        Is there.
    report : dict
        See `lidar.run.quality`.
    cells : Cells
    measured : SurveyQuality
        Of the same mesh.
    """
    write_json(folder / result.QUALITY, report)
    maps = {
        name: quality_maps.draw(name, values, cells.grid)
        for name, values in survey_report.maps(cells, measured).items()
    }
    (folder / result.QUALITY_MAPS).mkdir(exist_ok=True)
    for name, png in maps.items():
        (folder / result.QUALITY_MAPS / f"{name}.png").write_bytes(png)
    page = quality_page.page(report, maps)
    (folder / result.QUALITY_PAGE).write_text(page, encoding="utf-8")
