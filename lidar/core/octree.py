"""Which node of an octree each point belongs to, so that every level shows the whole, thinned.

As in COPC and Potree: a node keeps at most one point in each of its 128 cells a side and
hands the rest down; a node with few points keeps them all. Points are sorted once along
the Z-order curve (Morton 1966), in which nodes and cells of every level are runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

CELLS_BITS = 7
CODE_BITS = 21
DEEPEST = CODE_BITS - CELLS_BITS
FEWEST_TO_DIVIDE = 4096

Codes = NDArray[np.uint64]


class Octree(NamedTuple):
    """Points in the order of nodes.

    Attributes
    ----------
    order : int64 array, shape (n,)
        Points by level, then by node.
    first : int64 array, shape (nodes + 1,)
        Where each node begins in `order`, and the end.
    keys : int64 array, shape (nodes, 4)
        Level, x, y, z of each node.
    """

    order: NDArray[np.int64]
    first: NDArray[np.int64]
    keys: NDArray[np.int64]


def build(
    x: NDArray[np.integer], y: NDArray[np.integer], z: NDArray[np.integer], edge: int
) -> Octree:
    """Return the nodes of points.

    Parameters
    ----------
    x, y, z : integer arrays, shape (n,)
        Coordinates from the low corner of the root, 0 to less than `edge`.
    edge : int
        Edge of the root cube in the same unit.
    """
    code = _codes(x, y, z, edge)
    sorted_by = np.argsort(code, kind="stable")
    code = code[sorted_by]
    level = _levels(code)
    node = _nodes(code, level)
    by_node = np.lexsort((node, level))
    level, node = level[by_node], node[by_node]
    new = np.flatnonzero(np.diff(node) | np.diff(level.astype(np.int64)).astype(np.uint64)) + 1
    begin = np.concatenate([[0], new]) if len(code) else np.zeros(0, np.int64)
    first = np.append(begin, len(code)).astype(np.int64)
    keys = np.array([(level[i], *_place(int(node[i]))) for i in begin], np.int64).reshape(-1, 4)
    return Octree(sorted_by[by_node], first, keys)


def _codes(
    x: NDArray[np.integer], y: NDArray[np.integer], z: NDArray[np.integer], edge: int
) -> Codes:
    """Interleave the 21 leading bits of the coordinates, x lowest."""
    code = np.zeros(len(x), np.uint64)
    for axis, values in enumerate((x, y, z)):
        scaled = (values.astype(np.int64) << CODE_BITS) // edge
        code |= _spread(scaled.astype(np.uint64)) << np.uint64(axis)
    return code


def _spread(values: Codes) -> Codes:
    """Put two empty bits before each bit of numbers of 21 bits."""
    for shift, mask in (
        (32, 0x1F00000000FFFF),
        (16, 0x1F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values


@kernel
def _levels(code: Codes) -> NDArray[np.uint8]:
    """Level of each point of a sorted curve; of a cell the middle one of the run is kept."""
    level = np.full(code.size, DEEPEST, np.uint8)
    left = np.arange(code.size)
    for depth in range(DEEPEST):
        node_shift = np.uint64(3 * (CODE_BITS - depth))
        cell_shift = np.uint64(3 * (CODE_BITS - depth - CELLS_BITS))
        kept = 0
        rest = np.empty_like(left)
        start = 0
        while start < left.size:
            end = start + 1
            while end < left.size and (
                code[left[end]] >> node_shift == code[left[start]] >> node_shift
            ):
                end += 1
            few = end - start <= FEWEST_TO_DIVIDE
            i = start
            while i < end:
                j = i + 1
                while j < end and code[left[j]] >> cell_shift == code[left[i]] >> cell_shift:
                    j += 1
                middle = (i + j) // 2
                for k in range(i, j):
                    if few or k == middle:
                        level[left[k]] = depth
                    else:
                        rest[kept] = left[k]
                        kept += 1
                i = j
            start = end
        left = rest[:kept]
        if kept == 0:
            break
    return level


def _nodes(code: Codes, level: NDArray[np.uint8]) -> Codes:
    shift = (3 * (CODE_BITS - level.astype(np.int64))).astype(np.uint64)
    # a shift by all 63 bits leaves the root's 0
    return np.asarray(code >> shift)


def _place(node: int) -> tuple[int, int, int]:
    """Return x, y, z of a node by taking its interleaved bits apart."""
    axes = [0, 0, 0]
    for bit in range(node.bit_length()):
        axes[bit % 3] |= ((node >> bit) & 1) << (bit // 3)
    return axes[0], axes[1], axes[2]
