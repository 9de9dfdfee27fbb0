"""The spread solve compiled by numba: the extra ``fast``. Imported only where many solves pay for the import; see ``Spread.compiled``.

Conjugate gradients preconditioned by a modified incomplete factor: ``M = (P - N) P^-1 (P - N^T)``, where N are the conductances
to cells of lower number and the pivots P are such that M and A do the same to a constant field (Gustafsson, BIT 18:142, 1978). It
takes a fifth of Jacobi's steps. ``A = (P - N) + (P - N^T) - (2 P - diagonal)`` (Eisenstat, SIAM J Sci Stat Comput 2:1, 1981), so a
step is one sweep down and one sweep up with all vector work fused into them: the cost of one product with the matrix.

One thread, so the numbers do not depend on how many there are; the interpreter is free meanwhile and samples run beside each other.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from glabella.stages.kernel import kernel

WIDTH, FAR = 7, 3  # neighbours of lower or higher number in a row of the table, and how many of them are summed apart

R, P, X, EXCESS = range(4)  # what a sweep reads and writes row by row lies side by side: columns of the state


class Half(NamedTuple):
    """The neighbours on one side of each cell, of lower or of higher numbers: a table of fixed width, and a list of what is left.

    What a sweep needs to be fast: rows of one width, so that their loop is unrolled without branches, and few bytes. ``away`` and
    ``conductance`` (n, WIDTH): how far the neighbour's number is, 0 where there is none. The list (k,) holds the farthest neighbours
    of the cells that have more. It is summed ahead for a stretch of cells at a time, from ``edge[m]`` to ``edge[m + 1]`` in the order
    of the sweep, which ends before it would need itself; ``start[m]`` is where its part of the list begins. The sum waits in the
    cell's own place and enters through the first place of its row: 0 away, at 1. ``listed``: these cells.
    """

    away: np.ndarray
    conductance: np.ndarray
    edge: np.ndarray
    start: np.ndarray
    list_cell: np.ndarray
    list_neighbour: np.ndarray
    list_conductance: np.ndarray
    listed: np.ndarray


class Layout(NamedTuple):
    """The network as the sweeps read it; ``degree`` and ``upward`` (n,): sum of a cell's conductances, and of those to higher numbers.

    ``start``, ``cell`` and ``conductance``: the lower half once more as plain lists, for the pivots.
    """

    lower: Half
    upper: Half
    degree: np.ndarray
    upward: np.ndarray
    start: np.ndarray
    cell: np.ndarray
    conductance: np.ndarray


class Factor(NamedTuple):
    """Both halves scaled to unit pivots; ``excess`` (n,) 2 - diagonal / pivot; 1 / sqrt of pivot and of diagonal (n,)."""

    lower: Half
    upper: Half
    excess: np.ndarray
    scale: np.ndarray
    residual_scale: np.ndarray


def lay_out(network: sp.csr_matrix) -> Layout:
    """Layout of the matrix of a network."""
    matrix = network.tocsr(copy=True)
    matrix.sort_indices()
    cells = matrix.shape[0]
    row = np.repeat(np.arange(cells), np.diff(matrix.indptr))
    column, conductance = matrix.indices, -matrix.data
    below, above = column < row, column > row
    lower = _half(row[below], column[below], conductance[below], cells)
    # the sweep down is the sweep up with cells numbered from the end
    upper = _half(cells - 1 - row[above][::-1], cells - 1 - column[above][::-1], conductance[above][::-1], cells)
    upper = upper._replace(
        away=np.ascontiguousarray(upper.away[::-1]),
        conductance=np.ascontiguousarray(upper.conductance[::-1]),
        list_cell=cells - 1 - upper.list_cell,
        list_neighbour=cells - 1 - upper.list_neighbour,
        listed=cells - 1 - upper.listed,
    )
    upward = np.bincount(row[above], conductance[above], cells)
    start = np.concatenate([[0], np.cumsum(np.bincount(row[below], minlength=cells))])
    return Layout(lower, upper, matrix.diagonal(), upward, start, column[below].astype(np.uint32), conductance[below])


def _half(row: np.ndarray, column: np.ndarray, conductance: np.ndarray, cells: int) -> Half:
    """Entries sorted by row and column; the last of a row, which the sweep has found just before, comes last in the table."""
    count = np.bincount(row, minlength=cells)
    from_end = np.cumsum(count)[row] - 1 - np.arange(len(row))
    listed = from_end >= np.where(count > WIDTH, WIDTH - 1, WIDTH)[row]
    steps = row - column
    away = np.zeros((cells, WIDTH), np.uint16 if steps.max(initial=0) < 2**16 else np.uint32)
    table = np.zeros((cells, WIDTH))
    place = row[~listed], WIDTH - 1 - from_end[~listed]
    away[place], table[place] = steps[~listed], conductance[~listed]
    list_cell, list_neighbour = row[listed].astype(np.int64), column[listed].astype(np.int64)
    edge = [0]
    for cell, neighbour in zip(list_cell.tolist(), list_neighbour.tolist(), strict=True):
        if neighbour >= edge[-1]:
            edge.append(cell)
    start = np.searchsorted(list_cell, [*edge, cells])
    part = np.searchsorted(edge, list_cell, side="right")
    rank = np.arange(len(list_cell)) - np.searchsorted(list_cell, list_cell)
    order = np.lexsort((list_cell, rank, part))  # entries of one cell far apart: none waits for the one before
    return Half(
        away, table, np.array([*edge, cells], np.uint64), start,
        list_cell[order], list_neighbour[order], conductance[listed][order], np.flatnonzero(count > WIDTH),
    )  # fmt: skip


def factor(layout: Layout, diffusivity: float, loss: np.ndarray) -> Factor:
    """The incomplete factor of ``diffusivity * L + diag(loss)``."""
    diagonal = diffusivity * layout.degree + loss
    pivot = _pivots(layout.start, layout.cell, layout.conductance, layout.upward, diagonal, diffusivity)
    scale = 1 / np.sqrt(pivot)
    lower = _scaled(layout.lower, -1, scale, diffusivity)
    upper = _scaled(layout.upper, 1, scale, diffusivity)
    return Factor(lower, upper, 2 - diagonal / pivot, scale, 1 / np.sqrt(diagonal))


def solve(factor: Factor, source: np.ndarray, tolerance: float, most_steps: int) -> tuple[np.ndarray, float]:
    """C (n,) and the relative residual it reached: above ``tolerance`` where that would take more than ``most_steps``."""
    lower, upper, excess, scale, residual_scale = factor
    state = np.zeros((len(source), 4))
    t, z = np.zeros(len(source)), np.zeros(len(source))
    state[:, P], state[:, EXCESS] = scale * source, excess
    rr = _up(lower, state, t, z, -1.0)  # leaves r = (1 - N)^-1 p, as t = x = r = 0
    weighted = residual_scale * source
    whole = float(np.einsum("i,i->", weighted, weighted))
    weight = residual_scale / scale
    goal = tolerance**2 * whole
    promising, beta = 0.5 * tolerance**2 * rr, 0.0
    for _ in range(most_steps):
        if rr <= promising:  # the true residual costs half a step: asked for only where it is likely to be small enough
            left = _true_residual(lower, state, z, weight)
            if left <= goal:
                return scale * state[:, X], tolerance
            promising = rr * min(0.7, goal / left)
        curvature = _down(upper, state, t, beta)
        new = _up(lower, state, t, z, rr / curvature)
        rr, beta = new, new / rr
    return scale * state[:, X], float(np.sqrt(_true_residual(lower, state, z, weight) / whole))


@kernel
def _pivots(start, cell, conductance, upward, diagonal, diffusivity):
    """Pivots (n,): by induction at least each cell's loss and conductance to higher numbers, so never 0."""
    pivot, share = np.empty(len(diagonal)), np.empty(len(diagonal))
    for i in range(len(diagonal)):
        value = diagonal[i]
        for k in range(start[i], start[i + 1]):
            value -= diffusivity * conductance[k] * share[cell[k]]
        pivot[i] = value
        share[i] = diffusivity * upward[i] / value
    return pivot


def _scaled(half: Half, direction: int, scale: np.ndarray, diffusivity: float) -> Half:
    """Conductances times diffusivity and both cells' scale."""
    table = _scaled_table(half.away, half.conductance, direction, scale, diffusivity)
    table[half.listed, 0] = 1.0
    lists = half.list_conductance * diffusivity * scale[half.list_cell] * scale[half.list_neighbour]
    return half._replace(conductance=table, list_conductance=lists)


@kernel
def _scaled_table(away, conductance, direction, scale, diffusivity):
    table = np.empty_like(conductance)
    for i in range(len(away)):
        for k in range(WIDTH):
            table[i, k] = diffusivity * scale[i] * scale[i + direction * np.int64(away[i, k])] * conductance[i, k]
    return table


@kernel
def _sum_list(half, m, values):
    """Sums of part m of the list, each in its cell's own place."""
    for k in range(half.start[m], half.start[m + 1]):
        values[half.list_cell[k]] = 0.0
    for k in range(half.start[m], half.start[m + 1]):
        values[half.list_cell[k]] += half.list_conductance[k] * values[half.list_neighbour[k]]


@kernel
def _down(half, state, t, beta):
    """p = r + beta p and t = (1 - N^T)^-1 p; returns the curvature along p, p . (1 - N)^-1 A (1 - N^T)^-1 p."""
    away, conductance, edge = half.away, half.conductance, half.edge
    last = np.uint64(len(t) - 1)
    curvature = 0.0
    for m in range(len(edge) - 1):
        _sum_list(half, m, t)
        for back in range(edge[m], edge[m + 1]):
            i = last - back
            p = state[i, R] + beta * state[i, P]
            state[i, P] = p
            near, far = p, 0.0
            for k in range(FAR):
                far += conductance[i, k] * t[i + np.uint64(away[i, k])]
            for k in range(FAR, WIDTH):
                near += conductance[i, k] * t[i + np.uint64(away[i, k])]
            here = near + far
            t[i] = here
            curvature += here * (2 * p - state[i, EXCESS] * here)
    return curvature


@kernel
def _up(half, state, t, z, step):
    """z = (1 - N)^-1 (p - excess t), then x and r one step on; returns r . r."""
    away, conductance, edge = half.away, half.conductance, half.edge
    rr = 0.0
    for m in range(len(edge) - 1):
        _sum_list(half, m, z)
        for i in range(edge[m], edge[m + 1]):
            here = t[i]
            near, far = state[i, P] - state[i, EXCESS] * here, 0.0
            for k in range(FAR):
                far += conductance[i, k] * z[i - np.uint64(away[i, k])]
            for k in range(FAR, WIDTH):
                near += conductance[i, k] * z[i - np.uint64(away[i, k])]
            value = near + far
            z[i] = value
            r = state[i, R] - step * (here + value)
            state[i, R] = r
            rr += r * r
            state[i, X] += step * here
    return rr


@kernel
def _true_residual(half, state, z, weight):
    """|weight (1 - N) r|^2: the residual of the problem itself from the preconditioned one; z is scratch."""
    r = state[:, R].copy()
    for i in range(np.uint64(0), np.uint64(len(r))):
        value = r[i]
        for k in range(WIDTH):
            value -= half.conductance[i, k] * r[i - np.uint64(half.away[i, k])]
        z[i] = value
    for k in range(len(half.list_cell)):
        z[half.list_cell[k]] -= half.list_conductance[k] * r[half.list_neighbour[k]]
    for i in half.listed:
        z[i] += r[i]  # its row took it for the sum of the list
    found = 0.0
    for i in range(len(z)):
        weighted = weight[i] * z[i]
        found += weighted * weighted
    return found
