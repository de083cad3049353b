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


class CarbonFactorError(LidarError):
    """No carbon factors for a species."""

    code = "carbon_factor"


class SchedulerError(LidarError):
    """A Dask scheduler does not answer, has no workers, or workers of another version."""

    code = "scheduler"


class CopcError(LidarError):
    """Points cannot be written as one COPC file: none, or too many at once."""

    code = "copc"


class EpochError(LidarError):
    """Two results cannot be compared: no common ground, system or order in time."""

    code = "epochs"


class StandDensityError(LidarError):
    """A table of stand density equations lacks a coefficient or its source."""

    code = "stand_density"


class PlotSampleError(LidarError):
    """Field plots cannot calibrate a volume model: too few, negative, or out of step."""

    code = "plot_sample"


class LeafTypeError(LidarError):
    """Broadleaf and conifer cannot be told apart: too few examples, or groups that overlap."""

    code = "leaf_type"


class HeaderError(LidarError):
    """The header of a file is not that of a LAS or LAZ file that can be trusted."""

    code = "bad_header"


class CrsError(LidarError):
    """The coordinate system of a file is missing, unreadable or cannot be worked in."""

    code = "bad_crs"


class NoCrsError(CrsError):
    """A file states no coordinate system."""

    code = "no_crs"


class GeographicCrsError(CrsError):
    """Coordinates are degrees or geocentric, not a projection."""

    code = "geographic_crs"


class DecodeError(LidarError):
    """The points of a file cannot be decoded: damaged, cut off, or too large for the memory."""

    code = "undecodable"


class BatchRefusedError(LidarError):
    """Files of a batch cannot be worked on, or not together."""

    code = "batch_refused"


class RunCancelledError(LidarError):
    """A run was stopped on request; what is finished is kept for the next start."""

    code = "run_cancelled"


class VectorFileError(LidarError):
    """A file of compartments or plots cannot be read or used."""

    code = "vector_file"


class ResultError(LidarError):
    """A folder holds no complete result of a run."""

    code = "no_result"


class DeliveryError(LidarError):
    """A result lacks what the files of the standard are named or divided by."""

    code = "delivery"


class MeshIdError(LidarError):
    """A JF20mID or a cell of the national 20 m mesh is impossible."""

    code = "mesh_id"


class PdalMissingError(LidarError):
    """PDAL, or a driver of it, is not installed."""

    code = "pdal_missing"


class PdalPipelineError(LidarError):
    """PDAL refused or failed a pipeline."""

    code = "pdal_pipeline"


class WorkerError(LidarError):
    """A child process died, took too long or too much memory, or met a fault of the engine."""

    code = "worker_failed"
