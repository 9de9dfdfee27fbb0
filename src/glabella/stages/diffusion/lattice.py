"""Anisotropic diffusion as a network of positive conductances between neighbouring cells.

On the index grid the operator ``-div(D grad C)`` has, in each cell, the tensor ``A = V G D G^T`` (G: gradients of the index
coordinates). Selling's decomposition writes a positive tensor as a sum of ``lambda e e^T`` with lambda >= 0 and whole-number
offsets e, so that every cell is joined to at most six pairs of neighbours by positive conductances. The matrix is then symmetric
(the adjoint is the same solve), conserves units to rounding, and cannot produce a negative dose. Method: Fehrenbach and
Mirebeau, J Math Imaging Vis 49:123 (2014).
"""

import numpy as np
import scipy.sparse as sp

# Pairs (i, j) of the superbase b0..b3 and the other two (k, l): offset of the pair is b_k x b_l.
_PAIRS = ((0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 2, 0), (2, 3, 0, 1))
_AT = {pair: m for m, (i, j, _, _) in enumerate(_PAIRS) for pair in ((i, j), (j, i))}


def decompose(tensors: np.ndarray, most_steps: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Selling's decomposition of symmetric positive tensors (n, 3, 3): weights (n, 6) >= 0, whole offsets (n, 6, 3)."""
    n = len(tensors)
    base = np.zeros((4, 3, n), np.int16)
    base[1:] = np.eye(3, dtype=np.int16)[..., None]
    base[0] = -1
    row_sum = tensors.sum(2).T
    # b_i . A b_j in the order of _PAIRS
    product = np.stack([-row_sum[0], -row_sum[1], -row_sum[2], tensors[:, 0, 1], tensors[:, 0, 2], tensors[:, 1, 2]])
    rounding = 1e-12 * np.trace(tensors, axis1=1, axis2=2)
    todo = np.flatnonzero(product.max(0) > rounding)
    for _ in range(most_steps):
        if not len(todo):
            break
        worst = product[:, todo].argmax(0)
        for m, (i, j, k, l) in enumerate(_PAIRS):
            rows = todo[worst == m]
            p = product[:, rows]
            ij, ik, il, jk, jl = p[m], p[_AT[i, k]], p[_AT[i, l]], p[_AT[j, k]], p[_AT[j, l]]
            new = {(i, j): -ij, (i, k): ij + il, (i, l): ij + ik, (j, k): jk + ij, (j, l): jl + ij, (k, l): p[_AT[k, l]] - ij}
            for pair, value in new.items():
                product[_AT[pair], rows] = value
            b = base[:, :, rows]
            base[i, :, rows], base[k, :, rows], base[l, :, rows] = -b[i].T, (b[k] + b[i]).T, (b[l] + b[i]).T
        todo = todo[product[:, todo].max(0) > rounding[todo]]
    offsets = np.stack([np.cross(base[k], base[l], axis=0) for _, _, k, l in _PAIRS])
    return np.maximum(-product, 0).T, offsets.transpose(2, 0, 1)


def conductances(shape: tuple[int, int, int], cells: np.ndarray, tensors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of the network: (from, to, conductance), numbers into ``cells``.

    ``cells`` (n,) are the flat numbers of the cells that exist in a grid of ``shape``; ``tensors`` (n, 3, 3) the diffusion
    tensors of these cells in index coordinates times their volume (mm3/day). Edges to cells that do not exist are left out,
    which is the condition of zero flux there. Each edge appears once.
    """
    weights, offsets = decompose(tensors)
    used = weights > 1e-14 * np.trace(tensors, axis1=1, axis2=2)[:, None]
    margin = int(np.abs(offsets).max(2)[used].max())
    padded = tuple(size + 2 * margin for size in shape)
    where = np.stack(np.unravel_index(cells, shape), 1) + margin
    strides = np.array([padded[1] * padded[2], padded[2], 1])
    place = where @ strides
    number = np.full(int(np.prod(padded)), -1, np.int32)  # half the memory to go through of numpy's usual whole numbers
    number[place] = np.arange(len(cells))
    first, second, value = [], [], []
    for m in range(6):
        row = np.flatnonzero(used[:, m]).astype(np.int32)
        step = offsets[row, m] @ strides
        for signed in (step, -step):
            target = number[place[row] + signed]
            keep = target >= 0
            first.append(row[keep])
            second.append(target[keep])
            value.append(weights[row[keep], m] / 2)
    i, j, w = np.concatenate(first), np.concatenate(second), np.concatenate(value)
    merged = sp.coo_matrix((w, (np.minimum(i, j), np.maximum(i, j))), (len(cells), len(cells))).tocsr().tocoo()
    return merged.row, merged.col, merged.data


def network(n: int, first: np.ndarray, second: np.ndarray, conductance: np.ndarray) -> sp.csr_matrix:
    """The symmetric matrix L of the network: (L C)_i = sum over edges of conductance (C_i - C_j)."""
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    leaving = np.bincount(rows, np.concatenate([conductance, conductance]), n)
    values = np.concatenate([-conductance, -conductance, leaving])
    own = np.arange(n, dtype=first.dtype)
    matrix = sp.csr_matrix((values, (np.concatenate([rows, own]), np.concatenate([columns, own]))), (n, n))
    matrix.sort_indices()
    return matrix
