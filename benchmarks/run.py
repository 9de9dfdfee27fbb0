"""Speed as ratios against named peers, in one interleaved run: ``python benchmarks/run.py [--rounds N] [--only NAME] [--json]``.

Times of a shared machine mean little; ratios within one run do. Targets: those of the design note on speed. Needs pyamg, which
the product does not use, and numba, its extra `fast`. Never part of the tests.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: every contender on one thread

import argparse
import importlib
import itertools
import json
import platform
import sys
from datetime import date

from measure import Claim, Subject, Times, bandwidth, interleave

NAMES = ("spread", "kinetics", "risk_map", "chain", "plan_change", "skin", "trial", "planner", "years")
DRAM_MB, BANDWIDTH_TARGET, BANDWIDTH_STRETCH = 384.0, 0.5, 0.8


def judge(claim: Claim, subject: str, times: dict[tuple[str, str], Times]) -> dict:
    ours = times[subject, claim.ours]
    values = {}
    for kind in ("median", "least"):
        mine = getattr(ours, kind)
        if claim.peer is None:
            values[kind] = 1000 * mine
        else:
            peer = getattr(times[subject, claim.peer], kind)
            values[kind] = mine / peer if claim.most else claim.scale * peer / mine
    return _verdict(claim.what, values["median"], values["least"], claim.target, claim.stretch, claim.most)


def _verdict(what: str, median: float, least: float, target: float, stretch: float, most: bool) -> dict:
    reached = {name: median <= limit if most else median >= limit for name, limit in (("target", target), ("stretch", stretch))}
    return {
        "what": what, "of_medians": median, "of_minima": least, "target": target, "stretch": stretch, "at_most": most,
        "met": reached["target"], "stretch_met": reached["stretch"],
    }  # fmt: skip


def bandwidth_shares(subjects: list[Subject], times: dict[tuple[str, str], Times], speeds: dict[str, dict[str, float]]) -> list[dict]:
    found = []
    for subject in subjects:
        for contender, moved in subject.traffic_bytes.items():
            for where, speed in speeds.items():
                ceiling = max(speed.values())
                share = {kind: moved / getattr(times[subject.name, contender], kind) / 1e9 / ceiling for kind in ("median", "least")}
                what = f"share of the bandwidth at {where} ({ceiling:.1f} GB/s) used by {subject.name}: {contender}"
                found.append(_verdict(what, share["median"], share["least"], BANDWIDTH_TARGET, BANDWIDTH_STRETCH, False))
    return found


def as_table(result: dict) -> str:
    machine = f"{result['date']}, {result['machine']}, {result['rounds']} interleaved rounds"
    lines = [f"{machine}; one thread, but for the two of the whole chain", ""]
    lines += ["| subject | contender | min ms | median ms |", "|---|---|---|---|"]
    for row in result["times"]:
        extra = f" ({row['per_second']})" if "per_second" in row else ""
        lines.append(f"| {row['subject']} | {row['contender']}{extra} | {row['least_ms']:.3g} | {row['median_ms']:.3g} |")
    lines += ["", "| claim | of medians | of minima | target | stretch | met |", "|---|---|---|---|---|---|"]
    for row in result["claims"]:
        sign = "<=" if row["at_most"] else ">="
        met = "stretch" if row["stretch_met"] else "yes" if row["met"] else "NO"
        values = f"{row['of_medians']:.3g} | {row['of_minima']:.3g} | {sign} {row['target']:g} | {sign} {row['stretch']:g}"
        lines.append(f"| {row['what']} | {values} | {met} |")
    lines += ["", "Bandwidth of one core measured in this run (GB/s, best of copy and triad by their least times):"]
    lines += [f"- {where}: " + ", ".join(f"{k} {v:.1f}" for k, v in speed.items()) for where, speed in result["bandwidth_gb_per_s"].items()]
    errors = result["facts"].get("spread", {}).get("equal_error")
    if errors:
        bands = result["facts"]["spread"]["bands_of_peak"]
        heads = " | ".join(f"{a:g}..{b:g}" for a, b in itertools.pairwise(bands))
        lines += ["", "Largest relative error by band of dose (share of the peak), against a solve to 1e-13:", ""]
        lines += [f"| solver | residual | {heads} |", "|---" * (len(bands) + 1) + "|"]
        for name, row in errors.items():
            lines.append(f"| {name} | {row['tolerance']:.0e} | " + " | ".join(f"{e:.1e}" for e in row["errors_by_band"]) + " |")
    lines += ["", "Beside the times:"]
    for subject, facts in result["facts"].items():
        lines += [f"- {subject}: {key}: {json.dumps(value)}" for key, value in facts.items() if key not in ("equal_error", "bands_of_peak")]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds after one untimed")
    parser.add_argument("--only", choices=NAMES, action="append", help="this subject alone; may be given again")
    parser.add_argument("--json", action="store_true", help="everything as JSON instead of the table")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")

    def tell(line: str) -> None:
        print(f"\r{line:<100}", end="", file=sys.stderr, flush=True)

    subjects: list[Subject] = []
    for name in arguments.only or NAMES:
        tell(f"preparing {name}")
        subjects += importlib.import_module(name).subjects()
    sizes = {f"{DRAM_MB:g} MB": bandwidth(DRAM_MB)}
    cells = next((s.facts["cells"] for s in subjects if "cells" in s.facts), None)
    if cells:  # the solve's own working set may fit a cache that is quicker than the memory
        megabytes = round(next(s.facts["entries"] for s in subjects if "cells" in s.facts) * 12e-6 + cells * 40e-6)
        sizes[f"{megabytes} MB, as large as the spread solve"] = bandwidth(megabytes)
    times = interleave([*subjects, *sizes.values()], arguments.rounds, tell)
    print(file=sys.stderr)
    speeds = {
        where: {name: moved / times[subject.name, name].least / 1e9 for name, moved in subject.traffic_bytes.items()}
        for where, subject in sizes.items()
    }
    rows = []
    for subject in subjects:
        for contender in subject.contenders:
            measured = times[subject.name, contender]
            row = {
                "subject": subject.name, "contender": contender, "least_ms": 1000 * measured.least, "median_ms": 1000 * measured.median,
                "seconds": measured.seconds,
            }  # fmt: skip
            if contender in subject.per_call:
                count, unit = subject.per_call[contender]
                row["per_second"] = f"{count / measured.median:,.0f} {unit}/s"
            rows.append(row)
    result = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}",
        "rounds": arguments.rounds,
        "times": rows,
        "claims": [judge(c, s.name, times) for s in subjects for c in s.claims] + bandwidth_shares(subjects, times, speeds),
        "bandwidth_gb_per_s": speeds,
        "facts": {s.name: s.facts for s in subjects},
    }
    print(json.dumps(result, indent=2, allow_nan=False) if arguments.json else as_table(result))


if __name__ == "__main__":
    main()
