"""The spread solve against scipy's cg with Jacobi and pyamg's Ruge-Stuben + cg, at equal error by dose band."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from time import perf_counter

import case
import numpy as np
import pyamg
from measure import Claim, Subject
from scipy.sparse.linalg import LinearOperator, cg

BANDS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # of the peak
EXACT = 1e-13
ERROR = 1e-4  # every solver at the loosest tolerance whose largest relative error in every band is below this
CONSERVATIVE = 1e-11  # the product's nominal tolerance, for conservation to 1e-8
TOLERANCES = [10.0**-k for k in range(3, 13)]


def band_errors(found: np.ndarray, exact: np.ndarray) -> list[float]:
    """Largest relative error per band of dose: 1..0.1 of the peak, 0.1..0.01, ..."""
    peak = exact.max()
    errors = []
    for high, low in pairwise(BANDS):
        here = (exact <= high * peak) & (exact > low * peak)
        errors.append(float(np.abs(found[here] / exact[here] - 1).max()))
    return errors


def loosest(solve: Callable[[float], np.ndarray], exact: np.ndarray) -> tuple[float, list[float]]:
    for tolerance in TOLERANCES:
        errors = band_errors(solve(tolerance), exact)
        if max(errors) < ERROR:
            return tolerance, errors
    raise RuntimeError(f"no tolerance reaches {ERROR:g} in every band; last: {errors}")


def subjects() -> list[Subject]:
    spread, source = case.person().spread, case.source()
    matrix = spread.matrix
    jacobi_scale = 1 / matrix.diagonal()
    jacobi = LinearOperator(matrix.shape, matvec=lambda r: jacobi_scale * r.ravel(), dtype=float)
    start = perf_counter()
    hierarchy = pyamg.ruge_stuben_solver(matrix)
    hierarchy_s = perf_counter() - start
    plain = replace(spread, layout=None)
    spread.solve(source, 0.9)  # compiled before the clock starts
    start = perf_counter()
    plain.compiled().solve(source, 0.9)
    ours_s = perf_counter() - start
    exact = spread.solve(source, EXACT)
    steps: dict[str, int] = {}

    def with_scipy(tolerance: float) -> np.ndarray:
        count = [0]
        answer, _ = cg(matrix, source, rtol=tolerance, atol=0.0, M=jacobi, callback=lambda _: count.__setitem__(0, count[0] + 1))
        steps["scipy"] = count[0]
        return answer

    def with_pyamg(tolerance: float) -> np.ndarray:
        residuals: list[float] = []
        answer = hierarchy.solve(source, tol=tolerance, accel="cg", residuals=residuals)
        steps["pyamg"] = len(residuals) - 1
        return np.asarray(answer)

    solvers = {
        "ours": lambda t: spread.solve(source, t),
        "ours without numba": lambda t: plain.solve(source, t),
        "scipy cg + Jacobi": with_scipy,
        "pyamg Ruge-Stuben + cg": with_pyamg,
    }
    facts: dict = {
        "cells": len(source), "entries": int(matrix.nnz), "error_asked_in_every_band": ERROR, "bands_of_peak": BANDS,
        "set_up_once_per_face_s": {"ours": ours_s, "pyamg": hierarchy_s}, "iterations": steps, "equal_error": {},
    }  # fmt: skip
    tolerance = {}
    for name, solve in solvers.items():
        tolerance[name], errors = loosest(solve, exact)
        facts["equal_error"][name] = {"tolerance": tolerance[name], "errors_by_band": errors}
    for name, count in zip(("scipy cg + Jacobi", "pyamg Ruge-Stuben + cg"), ("scipy", "pyamg"), strict=True):
        solvers[name](tolerance[name])
        facts["equal_error"][name]["iterations"] = steps[count]
    del facts["iterations"]
    claims = (
        Claim("spread solve against scipy cg + Jacobi, equal error by dose band", "ours", "scipy cg + Jacobi", 6, 15),
        Claim("spread solve against pyamg Ruge-Stuben + cg (solve only)", "ours", "pyamg Ruge-Stuben + cg", 3, 7),
    )
    contenders = {name: (lambda solve=solve, t=tolerance[name]: solve(t)) for name, solve in solvers.items()}
    tight = {f"{name}, residual 1e-11": (lambda solve=solve: solve(CONSERVATIVE)) for name, solve in solvers.items()}
    first, _, second, third = tight
    claims += (
        Claim("the same at the nominal residual 1e-11: scipy", first, second, 6, 15),
        Claim("the same at the nominal residual 1e-11: pyamg", first, third, 3, 7),
    )
    return [Subject("spread", contenders | tight, claims, facts, traffic_bytes=_traffic(spread, source, tolerance["ours"]))]


def _traffic(spread, source: np.ndarray, tolerance: float) -> dict[str, float]:
    """Least bytes of our solve: what one step must read and write, times its steps."""
    found = {}
    for name, t in (("ours", tolerance), ("ours, residual 1e-11", CONSERVATIVE)):
        steps, per_step = spread_steps(spread, source, t)
        found[name] = steps * per_step
    return found


def spread_steps(spread, source: np.ndarray, tolerance: float) -> tuple[int, float]:
    """Steps of the solve, by letting it run out of them, and the bytes of one step: matrix once, and 13 passes over vectors."""
    from glabella.errors import SolverError

    low, high = 1, 4096
    while low < high:
        middle = (low + high) // 2
        try:
            spread.solve(source, tolerance, most_steps=middle)
            high = middle
        except SolverError:
            low = middle + 1
    matrix = sum(array.nbytes for half in (spread._factor.lower, spread._factor.upper) for array in half)
    return low, float(matrix + 13 * source.nbytes)
