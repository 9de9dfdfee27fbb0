"""The validation as plain data (validation.json) and as a compact table for the terminal."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from glabella.calibration.coverage import Coverage, load_coverage
from glabella.validation.judged import Judged
from glabella.validation.reasons import MissGroup
from glabella.validation.summary import Count, Summary
from glabella.validation.validate import Validation

CORRELATED = 0.6
MOST_MISSES = 12
BOUND_WORDS = {"=": "", ">=": "at least ", "<=": "at most "}
FROM_ROW = (
    "row", "use", "trial", "product", "indication", "dose_units", "arm", "n", "quantity", "endpoint", "rater", "day", "relation", "unit",
    "tolerance", "quality", "source", "note",
)  # fmt: skip


def to_document(found: Validation) -> dict[str, Any]:
    """Everything that the report says, without pictures."""
    return {
        "version": found.version,
        "settings": {"draws": found.draws, "people": found.people, "seed": found.seed},
        "posterior": asdict(found.facts),
        "summaries": {use: _summary(summary) for use, summary in found.summaries.items()},
        "rows": [_row(one) for one in found.judged],
        "others": {name: [_row(one) for one in judged] for name, judged in found.others.items()},
        "misses": [_group(group) for group in found.misses],
        "others_misses": {name: [_group(group) for group in groups] for name, groups in found.other_misses.items()},
        "curves": [{name: x.tolist() if hasattr(x, "tolist") else x for name, x in vars(band).items()} for band in found.bands],
        "drivers": {"best_fit": dict(found.baseline), "moved": [asdict(driver) for driver in found.drivers]},
        "doses": {"points": [asdict(point) for point in found.doses], "men_need_units_for_womens_20": found.men_units},
        "identifiability": {
            "parameters": [
                {
                    "parameter": s.prior.parameter, "scale": s.prior.scale, "prior_centre": s.prior.centre, "prior_sd": s.prior.spread,
                    "posterior_mean": s.mean, "posterior_sd": s.sd, "told": s.told,
                }
                for s in found.identifiability.spreads
            ],
            "correlation": found.identifiability.correlation.tolist(),
            "not_separated": [{"pair": [a, b], "correlation": r} for a, b, r in found.identifiability.pairs(CORRELATED)],
        },
        "coverage": _coverage(load_coverage()),
    }  # fmt: skip


def _group(group: MissGroup) -> dict[str, Any]:
    return {"title": group.title, "reason": group.says, "rows": [one.row.row for one in group.missed], "concerns_rows": group.concerns}


def _coverage(found: Coverage) -> dict[str, Any]:
    by_parameter = zip(found.parameters, found.inside_of_parameter, found.parameter_p, strict=True)
    return {
        "made": {name: value for name, value in asdict(found.facts).items() if name != "first_predicted"},
        "replicates": len(found.replicates), "inside_90_percent": 100 * found.inside, "inside_standard_error": 100 * found.inside_error,
        "ranks_pooled_ks_p": found.pooled_p, "histogram": found.histogram().tolist(), "histogram_99_percent": list(found.bounds()),
        "parameters": [{"parameter": name, "inside": int(count), "ks_p": float(p)} for name, count, p in by_parameter],
    }  # fmt: skip


def _row(one: Judged) -> dict[str, Any]:
    return {
        **{name: getattr(one.row, name) for name in FROM_ROW},
        "dose_units": None if math.isnan(one.row.dose_units) else one.row.dose_units,
        "observed": one.row.value, "predicted": one.predicted, "low": one.low, "high": one.high, "error": one.error,
        "inside_tolerance": one.inside_tolerance, "inside_interval": one.inside_interval, "hit": one.hit, "made_by": one.made_by,
    }  # fmt: skip


def _summary(summary: Summary) -> dict[str, Any]:
    def count(c: Count) -> dict[str, Any]:
        return {"hits": c.hits, "of": c.of, "percent": c.percent}

    plain = {name: count(x) if isinstance(x, Count) else x for name, x in vars(summary).items()}
    by = {name: {"inside_tolerance": count(a), "inside_interval": count(b)} for name, (a, b) in summary.by_quantity.items()}
    return {**plain, "by_quantity": by, "checks": [asdict(check) for check in summary.checks]}


def summary_lines(found: Validation) -> Iterator[str]:
    """A compact table for the terminal: targets, counts by quantity, and the largest misses."""
    for use, summary in found.summaries.items():
        yield f"{use}: {summary.rows} published figures" + ("" if use == "calibrate" else ", never fitted")
        for check in summary.checks:
            mark = {True: "hit ", False: "MISS", None: "    "}[check.met]
            yield f"  {mark} {check.name:<70s} {check.found:<18s} {check.wanted}"
        for quantity, (tolerance, inside) in summary.by_quantity.items():
            inner = f"inside tolerance {tolerance.hits:3d} of {tolerance.of:<3d}  inside 90 % interval {inside.hits:3d} of {inside.of}"
            yield f"       {quantity:<28s} {inner}"
    missed = sorted((one for group in found.misses for one in group.missed), key=lambda one: -abs(one.error) / one.row.tolerance)
    yield f"{len(missed)} of {len(found.judged)} figures are missed by tolerance or interval" + (":" if missed else "")
    for one in missed[:MOST_MISSES]:
        yield _missed(one)
    if len(missed) > MOST_MISSES:
        yield f"  and {len(missed) - MOST_MISSES} more: see the report or --json"
    for name, judged in found.others.items():
        hits, inside = sum(one.inside_tolerance for one in judged), sum(one.inside_interval for one in judged)
        yield f"{name}: {len(judged)} published figures, inside tolerance {hits}, inside 90 % interval {inside}"
        for group in found.other_misses[name]:
            yield f"  {group.title}:"
            yield from (f"  {_missed(one)}" for one in group.missed)


def _missed(one: Judged) -> str:
    unit = "%" if one.row.unit == "percent" else one.row.unit
    sign = BOUND_WORDS[one.row.relation]
    return f"  {one.row.row:<66s} {sign}{one.row.value:g} {unit}, predicted {one.predicted:.1f} ({one.low:g} to {one.high:g})"
