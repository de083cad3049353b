"""A batch of point clouds as a run: inspect, execute, load.

Names are imported when first used: child processes that only read points start
without the libraries of the model and the products.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lidar.run.execution import check, execute
    from lidar.run.inspection import inspect
    from lidar.run.params import RunParams
    from lidar.run.report import BatchReport, FileReport
    from lidar.run.result import Mesh, RunResult, Zone, load_result

_MODULES = {
    "check": "execution",
    "execute": "execution",
    "inspect": "inspection",
    "RunParams": "params",
    "BatchReport": "report",
    "FileReport": "report",
    "Mesh": "result",
    "RunResult": "result",
    "Zone": "result",
    "load_result": "result",
}

__all__ = [
    "BatchReport",
    "FileReport",
    "Mesh",
    "RunParams",
    "RunResult",
    "Zone",
    "check",
    "execute",
    "inspect",
    "load_result",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
