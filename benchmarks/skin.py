"""Skin: our symmetric factorisation and its solves against SuperLU as scipy has it by default."""

import case
import numpy as np
from measure import Claim, Subject
from scipy.sparse.linalg import splu

from glabella.stages.skin.membrane import Membrane


def subjects() -> list[Subject]:
    kept = case.person().skin.membrane
    matrix = (kept.elastic + kept.foundation).tocsc()
    plain = splu(matrix)
    load = np.random.default_rng(3).standard_normal((1, len(kept.vertices), 3))
    flat = load.reshape(-1)
    error = np.abs(kept.solve(load).reshape(-1) - plain.solve(flat)).max() / np.abs(plain.solve(flat)).max()

    def factor() -> None:
        fresh = Membrane(
            kept.vertices, kept.triangles, kept.stiffness_n_per_mm, kept.poisson_ratio, kept.tangential_n_per_mm3, kept.normal_n_per_mm3
        )
        fresh.__dict__.update(elastic=kept.elastic, foundation=kept.foundation)
        _ = fresh.factor

    contenders = {
        "factor": factor,
        "factor, scipy default": lambda: splu(matrix),
        "one mode": lambda: kept.solve(load),
        "one mode, scipy default": lambda: plain.solve(flat),
    }
    claims = (
        Claim("skin factorisation against scipy's default", "factor", "factor, scipy default", 1, 2),
        Claim("skin solve per mode against scipy's default", "one mode", "one mode, scipy default", 1, 2),
    )
    facts = {
        "vertices": len(kept.vertices), "modes": len(case.person().skin.muscles), "largest_relative_difference": float(error),
        "entries_of_factors": {"ours": int(kept.factor.L.nnz + kept.factor.U.nnz), "scipy default": int(plain.L.nnz + plain.U.nnz)},
    }  # fmt: skip
    return [Subject("skin", contenders, claims, facts)]
