"""Maps of the quality of a survey as PNG, the same bytes for the same figures."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lidar.core.grid import Grid

JAPANESE_FONTS = ("Noto Sans CJK JP", "IPAexGothic", "IPAGothic", "TakaoGothic")
MOST_CELLS = 700
DPI = 110


@dataclass(frozen=True, slots=True)
class MapKind:
    """How a map is drawn: titles, unit, colours, and limits where they are fixed."""

    title_ja: str
    title_en: str
    unit: str
    colours: str = "viridis"
    low: float | None = None
    high: float | None = None


KINDS = {
    "pulse_density": MapKind("パルス密度", "Pulse density", "pulses/m²", "viridis", 0.0),
    "empty": MapKind("欠測率（1 mセル）", "Share of 1 m cells without return", "", "magma_r", 0, 1),
    "lines": MapKind("コース重複数", "Flight lines", "", "YlGnBu", 0.0),
    "strip_difference": MapKind(
        "コース間標高差", "Height difference of lines", "m", "OrRd", 0, 0.3
    ),
    "ground_density": MapKind("地盤点密度", "Terrain points", "points/m²", "YlOrBr", 0.0),
    "scan_angle": MapKind("最大スキャン角", "Greatest scan angle", "°", "PuBuGn", 0.0),
}


def draw(name: str, values: NDArray[np.float32], grid: Grid) -> bytes:
    """Return a PNG of a map.

    Parameters
    ----------
    name : str
        Key of `KINDS`.
    values : float32 array, shape (rows, cols)
        nan where there is nothing to show.
    grid : Grid
        Of the values; axes are its coordinates in metres.
    """
    kind = KINDS[name]
    font = font_manager.FontProperties(family=_font())
    left, bottom, right, top = grid.bounds
    tall = min(max((top - bottom) / (right - left), 0.35), 1.6)
    figure = Figure(figsize=(5.6, 1.2 + 4.4 * tall), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(
        _thinned(values),
        extent=(left, right, bottom, top),
        interpolation="nearest",
        cmap=kind.colours,
        vmin=kind.low,
        vmax=kind.high,
    )
    axes.set_facecolor("#e4e4e4")
    axes.set_title(f"{kind.title_ja}  {kind.title_en}", fontproperties=font, fontsize=10)
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)
    bar = figure.colorbar(image, ax=axes, shrink=0.85)
    bar.set_label(kind.unit, fontproperties=font, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    png = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _font() -> str:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in JAPANESE_FONTS if name in known), "sans-serif")


def _thinned(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means of blocks, so that no side has more than `MOST_CELLS`; nan of nothing."""
    step = math.ceil(max(values.shape) / MOST_CELLS)
    if step == 1:
        return values
    rows, cols = (math.ceil(n / step) * step for n in values.shape)
    padded = np.full((rows, cols), np.nan, np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    blocks = padded.reshape(rows // step, step, cols // step, step)
    known = (~np.isnan(blocks)).sum(axis=(1, 3))
    total = np.nansum(blocks, axis=(1, 3))
    out = np.full(known.shape, np.nan, np.float32)
    np.divide(total, known, out=out, where=known > 0)
    return out
