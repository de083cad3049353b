"""One way to compile the inner loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a loop with numba: cached on disk, without the interpreter lock, in strict floating point."""
    return cast("Function", njit(cache=True, nogil=True)(function))
