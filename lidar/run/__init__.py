"""A batch of point clouds as a run: inspect, execute, load."""

from lidar.run.execution import execute
from lidar.run.inspection import inspect
from lidar.run.params import RunParams
from lidar.run.report import BatchReport, FileReport
from lidar.run.result import Mesh, RunResult, Zone, load_result

__all__ = [
    "BatchReport",
    "FileReport",
    "Mesh",
    "RunParams",
    "RunResult",
    "Zone",
    "execute",
    "inspect",
    "load_result",
]
