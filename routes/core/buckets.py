"""A queue of cells by cost for searches whose every step costs at least one bucket's width.

No step then leads into the bucket it starts from, so that the cells of one bucket may be taken in
any order and the result is that of Dijkstra's search (Dial 1969, Communications of the ACM 12:
632-633). A cell stands in the queue at most once: memory is two whole numbers a cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routes.core.kernel import kernel

Cells = NDArray[np.int32]

NONE, ABSENT = -1, -2
"""No neighbour in the bucket; and, in `before`, in no bucket at all."""


@kernel
def put(after: Cells, before: Cells, heads: Cells, bucket: int, cell: int) -> None:
    """Put a cell that stands in no bucket into one.

    Parameters
    ----------
    after, before : int32 arrays, shape (cells,)
        The neighbours of each cell in its bucket; `before` is `ABSENT` for cells in none.
    heads : int32 array, shape (buckets,)
        First cell of each bucket, `NONE` if it is empty.
    """
    first = heads[bucket]
    after[cell] = first
    before[cell] = NONE
    if first != NONE:
        before[first] = cell
    heads[bucket] = cell


@kernel
def drop(after: Cells, before: Cells, heads: Cells, bucket: int, cell: int) -> None:
    """Take a cell out of its bucket."""
    if before[cell] == NONE:
        heads[bucket] = after[cell]
    else:
        after[before[cell]] = after[cell]
    if after[cell] != NONE:
        before[after[cell]] = before[cell]
    before[cell] = ABSENT
