"""One way to compile the inner loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a loop with numba: cached on disk, without the interpreter lock.

    Floating point keeps its strict order (no fastmath), so that a cell gets the
    same bits whatever tile it is computed in. Dividing by zero gives inf or nan, as
    in NumPy: a check in each division would keep loops from being vectorised.
    """
    return cast("Function", njit(cache=True, nogil=True, error_model="numpy")(function))


@kernel
def floor_div(distance: int, per_unit: float) -> int:
    """Divide whole numbers under 2^40 by one under 2^20, given as 1 / divisor, rounding down.

    Exact, since no quotient of `distance` + 1/2 lies nearer to a whole number than
    half a unit, and five times faster than dividing.
    """
    return int(np.floor((distance + 0.5) * per_unit))
