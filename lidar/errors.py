"""Errors of the LiDAR engine: bad input, each cause a class with a code and named fields."""

from __future__ import annotations

from typing import Any, ClassVar


class LidarError(Exception):
    """Base of all errors that a user of the engine can cause or mend.

    Parameters
    ----------
    message : str
        What is wrong, where, and what to do, in English.
    **fields
        Named values of the message (file, value, limit ...), so that an
        interface can say the same in another language by `code`.
    """

    code: ClassVar[str] = "lidar"

    def __init__(self, message: str, **fields: Any) -> None:  # noqa: ANN401
        super().__init__(message)
        self.fields = fields


class GridMismatchError(LidarError):
    """A grid is impossible, or two grids or rasters do not fit each other."""

    code = "grid_mismatch"


class PointsMismatchError(LidarError):
    """Arrays of points differ in length, type, origin or coordinate system."""

    code = "points_mismatch"


class UnknownVolumeEquationError(LidarError):
    """No stem volume equation for the name, species or bureau asked for."""

    code = "unknown_volume_equation"


class PlotSampleError(LidarError):
    """Field plots cannot calibrate a volume model: too few, negative, or out of step."""

    code = "plot_sample"
