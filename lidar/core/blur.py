"""Gaussian mean of a raster with holes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lidar.core.sampling import Raster


def blurred(raster: Raster, cell_m: float, sd_m: float) -> Raster:
    """Return the Gaussian mean of the known cells within 4 standard deviations.

    Parameters
    ----------
    raster : float32 array, shape (rows, cols)
        nan where unknown.
    cell_m : float
        Edge of a cell in metres.
    sd_m : float
        Standard deviation in metres; 0 gives the raster itself.

    Returns
    -------
    float32 array of the same shape
        nan stays nan.
    """
    if sd_m <= 0.0:
        return raster
    known = ~np.isnan(raster)
    blur = {"sigma": sd_m / cell_m, "mode": "constant", "truncate": 4.0}
    total = ndimage.gaussian_filter(np.where(known, raster, np.float32(0.0)), **blur)
    weight = ndimage.gaussian_filter(known.astype(np.float32), **blur)
    out = np.full(raster.shape, np.nan, np.float32)
    np.divide(total, weight, out=out, where=known)
    return out
