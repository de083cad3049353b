"""Field plots as CSV: plot_id, x and y (or lon and lat), radius_m or area_m2, volumes per hectare."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pyproj import CRS, Transformer

from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG
from forestgis.registry.domain.faults import Fault, RefusedError, refusing
from forestgis.registry.imports import values
from forestgis.registry.imports.text import decoded

_LARGEST_M3HA = Decimal(3000)
_COORDINATE = Decimal(10_000_000)


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One plot; longitude and latitude in EPSG:6668."""

    plot_id: str
    lon: float
    lat: float
    radius_m: Decimal
    hardwood_m3ha: Decimal
    conifer_m3ha: Decimal


def read(path: Path, crs: CRS) -> list[PlotRow]:
    """Read field plots.

    Parameters
    ----------
    path : Path
        CSV with a heading line.
    crs : CRS
        Of the columns x (east) and y (north); columns lon and lat are JGD2011 degrees.

    Raises
    ------
    RefusedError
        With every fault of the file.
    """
    rows = csv.DictReader(io.StringIO(decoded(path), newline=""))
    headings = list(rows.fieldnames or [])
    geographic = {"lon", "lat"} <= set(headings)
    faults = _missing(path.name, headings, geographic=geographic)
    if faults:
        raise RefusedError(faults)
    plots: list[PlotRow] = []
    to_degrees = Transformer.from_crs(
        GEOGRAPHIC_EPSG if geographic else crs, GEOGRAPHIC_EPSG, always_xy=True
    )
    for cells in rows:
        cleaned = {key: values.cleaned(text or "") for key, text in cells.items() if key}
        numbers, found = _numbers(path.name, rows.line_num, cleaned)
        faults += found
        if not found:
            east, north = ("lon", "lat") if geographic else ("x", "y")
            lon, lat = to_degrees.transform(float(numbers[east]), float(numbers[north]))
            plots.append(_plot(cleaned["plot_id"], lon, lat, numbers))
    if not plots and not faults:
        faults.append(Fault("no_features", path.name))
    faults += _repeated(path.name, plots)
    if refusing(faults):
        raise RefusedError(faults)
    return plots


def _missing(file: str, headings: list[str], *, geographic: bool) -> list[Fault]:
    """Columns that are required and not there."""
    needed = ["plot_id", "hardwood_m3ha", "conifer_m3ha"]
    needed += [] if geographic else ["x", "y"]
    needed += [] if "area_m2" in headings else ["radius_m"]
    there = "、".join(headings)
    return [
        Fault("no_column", file, 1, value=name, detail=there)
        for name in needed
        if name not in headings
    ]


_RANGES = {
    "x": (-_COORDINATE, _COORDINATE),
    "y": (-_COORDINATE, _COORDINATE),
    "lon": (Decimal(-180), Decimal(180)),
    "lat": (Decimal(-90), Decimal(90)),
    "radius_m": (Decimal(1), Decimal(100)),
    "area_m2": (Decimal(3), Decimal(31_416)),
    "hardwood_m3ha": (Decimal(0), _LARGEST_M3HA),
    "conifer_m3ha": (Decimal(0), _LARGEST_M3HA),
}


def _numbers(file: str, line: int, cells: dict[str, str]) -> tuple[dict[str, Decimal], list[Fault]]:
    """Numbers of a line by column, or the faults of its cells."""
    numbers: dict[str, Decimal] = {}
    faults: list[Fault] = []
    for name, (low, high) in _RANGES.items():
        if name not in cells:
            continue
        try:
            number = values.decimal_between(cells[name], low, high)
        except values.OutOfRangeError as error:
            faults.append(Fault("out_of_range", file, line, name, cells[name], str(error)))
        except ValueError:
            faults.append(Fault("bad_number", file, line, name, cells[name]))
        else:
            if number is None:
                faults.append(Fault("bad_number", file, line, name, cells[name]))
            else:
                numbers[name] = number
    return numbers, faults


def _plot(plot_id: str, lon: float, lat: float, numbers: dict[str, Decimal]) -> PlotRow:
    radius = numbers.get("radius_m")
    if radius is None:
        radius = Decimal(str(round(math.sqrt(float(numbers["area_m2"]) / math.pi), 2)))
    return PlotRow(plot_id, lon, lat, radius, numbers["hardwood_m3ha"], numbers["conifer_m3ha"])


def _repeated(file: str, plots: list[PlotRow]) -> list[Fault]:
    """Say which plot numbers come twice."""
    seen: set[str] = set()
    faults = []
    for plot in plots:
        if plot.plot_id in seen:
            faults.append(Fault("duplicate_plot", file, column="plot_id", value=plot.plot_id))
        seen.add(plot.plot_id)
    return faults
