"""How many rows of measured strain any setting of the frown can bring within 20 %: python tools/bound_strain.py

Free: what each muscle of the frown pulls, and how much of it is tone at rest: the rows ``<muscle>_tension_newton``,
``activation_maximum_frown_<muscle>`` and ``activation_rest_<muscle>`` within their ranges in parameters.csv. All else is held, and so is
the force that every person has left after treatment. Rows: strain marked ``calibrate``, predicted as ``glabella validate`` does.

A component of strain is linear in the pulls x = (tension * frown, tension * rest) of all muscles; a principal strain f is convex in
them and grows in proportion. So for pulls x and any others x0

    grad f(x0) . x  <=  f(x)  <=  sum over muscles of f(this muscle alone),

and the most rows that can be met at once is at most the optimum of a mixed-integer linear program with these bounds ("at most"; the
reductions of single people, which have no such bounds, count as met). Cuts are added at its solutions until it falls no more.
"Found" is a setting that was computed in full and meets so many, by the same program with every row made linear where it stands.

    python tools/bound_strain.py                     the bound, what every muscle adds, the settings found (2 minutes)
    python tools/bound_strain.py --set NAME=VALUE    another row held elsewhere, such as the foundation of the skin
    python tools/bound_strain.py --scan --people 60  such rows at the ends of their ranges, one after the other (10 minutes)
    python tools/bound_strain.py --share 0.3         another tolerance
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, brentq, lsq_linear, milp
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import load_posterior
from glabella.calibration.predict import PEOPLE, SEED
from glabella.evidence import load_parameters
from glabella.evidence.parameters import load_population
from glabella.evidence.published import PublishedRow, published_rows, trial_record
from glabella.frown import FROWN_PATTERNS, frown_weights
from glabella.names import without_side
from glabella.population import measured
from glabella.population.arms import arm_setting, mix_of, trial_values
from glabella.population.block import archetype_of, draw
from glabella.population.course import course_times, muscle_force
from glabella.population.library import typical_patients
from glabella.validation.summary import STRAIN_TOLERANCE

KINDS = (
    "corrugator_supercilii", "procerus", "depressor_supercilii", "orbicularis_oculi_orbital", "orbicularis_oculi_palpebral",
    "nasalis", "levator_labii_superioris_alaeque_nasi",
)  # fmt: skip
COMPONENTS = ("horizontal_compression", "vertical_stretch")
SPREAD = ("anatomy", "bolus", "diffusion")  # stages whose rows decide where the toxin goes: held
SCANNED = (
    "skin_foundation_stiffness_kpa_per_mm", "skin_foundation_forehead_ratio", "insertion_density_power", "skin_poisson_ratio",
    "junction_d50_units_per_mm3", "junction_emax_ratio", "person_sensitivity_sd_ln", "person_muscle_size_sd_ln",
    "muscle_size_common_share", "frown_pattern_share_V", "frown_pattern_share_inverted_omega",
)  # fmt: skip
REDUCTION = "strain_reduction_percent"
CUTS, STEPS, STARTS = 12, 25, 3  # rounds of cuts; steps toward a setting; where the search begins: numerical
FAR = 1e3
INSIDE = 0.995  # of a tolerance: lines are followed a little inside it

Line = tuple[int, np.ndarray, float]  # a row, slopes in the pulls, and an edge for them


@dataclass(frozen=True)
class Group:
    """People of one typical face: pulls per x (people, days, muscles, x) of the skin's muscles, and of each row its day and region."""

    pulls: np.ndarray
    of_row: tuple[tuple[int, measured.Measured, str], ...]


@dataclass(frozen=True)
class Trial:
    """The rows of one trial in its virtual people."""

    rows: tuple[PublishedRow, ...]
    groups: tuple[Group, ...]

    @cached_property
    def people(self) -> int:
        return sum(len(group.pulls) for group in self.groups)


def build(trial: str, rows: Sequence[PublishedRow], values, parameters, people: int) -> Trial:
    """Virtual people of a trial and how each x pulls their skin on every day."""
    days = sorted({0.0, *(float(row.day or 0) for row in rows)})
    setting = arm_setting("onabotulinumtoxinA", "glabellar", 20, days[1:], mix_of(trial_record(trial)), values)
    drawn = draw(setting, SEED, 0, people)
    times = course_times(np.append(days, 1.0))
    at = np.searchsorted(times, days)
    regions = [measured.find_measured(setting.archetypes, measured.region_of(row)) for row in rows]  # pyright: ignore[reportArgumentType]
    groups = []
    for number, (archetype, who) in enumerate(archetype_of(setting, drawn)):
        if not len(who):
            continue
        skin = measured._skin(archetype.sex, archetype.frontalis_upper_margin_mm)[0]
        left = muscle_force(archetype, setting.units[0], drawn, who, times, setting.kinetics, values)[:, at]
        force = np.ones((len(who), len(days), len(skin.muscles)))
        inside = archetype.column_of >= 0
        force[:, :, archetype.column_of[inside]] = left[:, :, inside]
        force *= np.exp(drawn.size_ln[who])[:, None] * (parameters["muscle_tension_male_ratio"] if archetype.sex == "male" else 1.0)
        frown = np.array([[frown_weights(pattern)[without_side(m)] for m in skin.muscles] for pattern in FROWN_PATTERNS])
        of = np.array([[without_side(m) == kind for m in skin.muscles] for kind in KINDS]).T.astype(float)
        frown = frown[drawn.pattern[who]][:, None, :, None] * of
        pulls = force[..., None] * np.concatenate([frown, np.broadcast_to(-of, frown.shape)], -1)
        groups.append(Group(pulls, tuple(
            (days.index(float(row.day or 0)), regions[k][number], measured.measure_of(row)) for k, row in enumerate(rows)
        )))  # fmt: skip
    return Trial(tuple(rows), tuple(groups))


def strain_slopes(pulls: np.ndarray, region: measured.Measured, measure: str, x: np.ndarray) -> np.ndarray:
    """Slopes (people, x) of a strain in the pulls; times x they are the strain itself, in percent."""
    if measure in COMPONENTS:
        middle, half, _ = np.tensordot(region.weight, region.parts, (0, 1))
        return 100 * np.einsum("m,pmx->px", -(middle + half) if measure == COMPONENTS[0] else middle - half, pulls)
    found = np.empty((len(pulls), len(x)))
    newton = pulls @ x
    for first in range(0, len(pulls), 64):
        some = slice(first, first + 64)
        middle, half, slant = region.parts @ newton[some].T
        radius = np.maximum(np.hypot(half, slant), 1e-12)
        sign = 1.0 if measure == "major" else np.where(middle < radius, -1.0, 0.0)
        weight = region.weight[:, None]
        per_muscle = (weight * sign * np.ones_like(middle)).T @ region.parts[0]
        for part, length in ((region.parts[1], half), (region.parts[2], slant)):
            per_muscle += (weight * np.abs(sign) * length / radius).T @ part
        found[some] = 100 * np.einsum("pm,pmx->px", per_muscle, pulls[some])
    return found


def evaluate(trials: Sequence[Trial], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (rows,) in percent and slopes (rows, x) at the pulls ``x``."""
    values, slopes = [], []
    for trial in trials:
        for k, row in enumerate(trial.rows):
            value, slope = 0.0, np.zeros(len(x))
            for group in trial.groups:
                day, region, measure = group.of_row[k]
                each = strain_slopes(group.pulls[:, day], region, measure, x)
                if row.quantity == REDUCTION:
                    before = strain_slopes(group.pulls[:, 0], region, measure, x)
                    size = np.maximum(before @ x, 1e-9)
                    ratio = each @ x / size
                    value += 100 * (1 - ratio).sum()
                    slope -= 100 * ((each - ratio[:, None] * before) / size[:, None]).sum(0)
                else:
                    value += (each @ x).sum()
                    slope += each.sum(0)
            values.append(value / trial.people)
            slopes.append(slope / trial.people)
    return np.array(values), np.array(slopes)


@dataclass(frozen=True)
class Ranges:
    """Rows of the frown: tensions, shares at full frown and at rest as (low, value, high) per muscle, and the limits of the pulls."""

    tension: np.ndarray
    frown: np.ndarray
    rest: np.ndarray

    def start(self) -> np.ndarray:
        """Pulls (2 muscles,) at the shipped rows; a muscle never pulls less than its tone."""
        tension, frown, rest = (part[:, 1] for part in (self.tension, self.frown, self.rest))
        return np.concatenate([tension * np.maximum(frown, rest), tension * rest])

    def pulls(self, random: np.random.Generator) -> np.ndarray:
        """Pulls of a setting drawn evenly from the ranges."""
        tension, frown, rest = (random.uniform(part[:, 0], part[:, 2]) for part in (self.tension, self.frown, self.rest))
        return np.concatenate([tension * np.maximum(frown, rest), tension * rest])

    def limits(self) -> LinearConstraint:
        """Pulls that some tension and some shares give: over (tension, pull at frown, pull at rest)."""
        one, none = np.eye(len(self.tension)), np.zeros((len(self.tension),) * 2)
        low, high = (lambda part: np.diag(part[:, 0])), (lambda part: np.diag(part[:, 2]))
        lines = [[low(self.frown), -one, none], [-high(self.frown), one, none], [low(self.rest), none, -one], [-high(self.rest), none, one],
                 [none, -one, one]]  # fmt: skip
        return LinearConstraint(np.block(lines), -np.inf, 0.0)


def read_ranges() -> Ranges:
    """The ranges of parameters.csv; a muscle without a row of tone has none."""
    rows = load_parameters().rows

    def part(pattern: str) -> np.ndarray:
        names = [pattern.format(kind) for kind in KINDS]
        return np.array([(rows[n].low, rows[n].value, rows[n].high) if n in rows else (0.0, 0.0, 0.0) for n in names])

    return Ranges(part("{}_tension_newton"), part("activation_maximum_frown_{}"), part("activation_rest_{}"))


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the solver's own library prints about itself."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def most_rows(ranges: Ranges, count: int, upper: Sequence[Line], lower: Sequence[Line], near=None) -> tuple[int, np.ndarray, np.ndarray]:
    """Most of ``count`` rows that can be met, with which pulls, and which rows.

    A row is met only where ``slopes . pulls`` is at most the edge of each of its ``upper`` lines and at least that of its ``lower``
    ones. ``near``: pulls, and the largest step from them as a share of what a muscle can pull at most.
    """
    muscles = len(ranges.tension)
    size = 3 * muscles + count
    lines, edges = [], []
    for bounds, sign in ((upper, 1), (lower, -1)):
        for row, slopes, edge in bounds:
            line = np.zeros(size)
            line[muscles : 3 * muscles] = sign * slopes
            line[3 * muscles + row] = FAR
            lines.append(line)
            edges.append(sign * edge + FAR)
    limit = ranges.limits()
    low = np.concatenate([ranges.tension[:, 0], np.zeros(2 * muscles + count)])
    high = np.concatenate([ranges.tension[:, 2], np.full(2 * muscles, 10.0), np.ones(count)])
    if near is not None:
        x, step = near
        room = np.tile(step * ranges.tension[:, 2] * ranges.frown[:, 2], 2)
        low[muscles : 3 * muscles], high[muscles : 3 * muscles] = np.maximum(0, x - room), x + room
    chosen = np.concatenate([np.zeros(3 * muscles), np.ones(count)])
    with quiet():
        found = milp(
            -chosen, integrality=chosen, bounds=Bounds(low, high), options={"time_limit": 60.0},
            constraints=[
                LinearConstraint(np.hstack([limit.A, np.zeros((len(limit.A), count))]), -np.inf, 0.0),
                LinearConstraint(np.array(lines), -np.inf, np.array(edges)),
            ],
        )  # fmt: skip
    if found.x is None:
        raise SystemExit(f"the program found no setting: {found.message}")
    return int(np.floor(-found.mip_dual_bound + 1e-6)), found.x[muscles : 3 * muscles], found.x[3 * muscles :] > 0.5


def alone(trials: Sequence[Trial], size: int) -> np.ndarray:
    """Slopes (rows, x) of what all muscles do, each by itself, added up: a muscle alone strains in proportion to its pull, and what the
    tone takes off is what the reference frown gives."""
    turned = [Trial(t.rows, tuple(Group(-g.pulls, g.of_row) for g in t.groups)) for t in trials]
    columns = [evaluate(trials, one)[0] if k < size // 2 else -evaluate(turned, one)[0] for k, one in enumerate(np.eye(size))]
    return np.array(columns).T


def bound(
    trials: Sequence[Trial], ranges: Ranges, target: np.ndarray, share: float, x: np.ndarray
) -> tuple[list[int], np.ndarray]:
    """How many rows can be met at most, falling with the cuts: the last is the bound; and the rows that its setting leaves out."""
    rows = [row for trial in trials for row in trial.rows]
    kept = [k for k, row in enumerate(rows) if row.quantity != REDUCTION]
    linear = [k for k in kept if any(name in rows[k].row for name in COMPONENTS)]
    sums = alone(trials, len(x))
    upper: list[Line] = []
    lower = [(k, sums[k], target[k] * (1 - share)) for k in kept if k not in linear]
    course: list[int] = []
    chosen = np.ones(len(rows), bool)
    for _ in range(CUTS):
        values, slopes = evaluate(trials, x)
        upper += [(k, slopes[k], target[k] * (1 + share)) for k in kept if k not in linear or not course]
        lower += [(k, slopes[k], target[k] * (1 - share)) for k in linear if not course]
        most, x, chosen = most_rows(ranges, len(rows), upper, lower)
        course.append(most)
        values, _ = evaluate(trials, x)
        if not any(chosen[k] and values[k] > target[k] * (1 + share) * (1 + 1e-4) for k in kept):
            break
    return course, np.flatnonzero(~chosen)


def met(values: np.ndarray, target: np.ndarray, share: float) -> np.ndarray:
    """Which rows lie within the tolerance."""
    return np.abs(values - target) <= share * target


def search(trials: Sequence[Trial], ranges: Ranges, target: np.ndarray, share: float, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pulls that were computed in full and the rows' values there, with as many rows met as the search finds."""
    best, random = (start, evaluate(trials, start)[0]), np.random.default_rng(SEED)
    for attempt in range(STARTS):
        x, step = (start if not attempt else ranges.pulls(random)), 1.0
        for _ in range(STEPS):
            values, slopes = evaluate(trials, x)
            if met(values, target, share).sum() > met(best[1], target, share).sum():
                best = x, values
            constant = values - np.einsum("rx,x->r", slopes, x)  # none for a strain, which grows with the pulls; one for a reduction
            upper = [(k, slopes[k], (1 + INSIDE * share) * t - constant[k]) for k, t in enumerate(target)]
            lower = [(k, slopes[k], (1 - INSIDE * share) * t - constant[k]) for k, t in enumerate(target)]
            _, new, _ = most_rows(ranges, len(target), upper, lower, (x, step))
            if np.allclose(new, x, atol=1e-6):
                break
            x, step = new, max(0.75 * step, 0.01)
    return best


def fit(trials: Sequence[Trial], ranges: Ranges, target: np.ndarray, which: np.ndarray, free: int, start: np.ndarray) -> np.ndarray:
    """Pulls with the least sum of squared relative errors of the rows ``which``: tensions alone, of the first ``free`` muscles, within
    their ranges."""
    tension = ranges.tension[:, 1].copy()
    per_newton = start / np.tile(tension, 2)
    for _ in range(STEPS):
        values, slopes = evaluate(trials, np.tile(tension, 2) * per_newton)
        by_tension = (slopes * per_newton).reshape(len(target), 2, -1).sum(1)
        lines, misses = (by_tension / target[:, None])[which], ((values - target) / target)[which]
        new = tension.copy()
        aim = lines[:, :free] @ tension[:free] - misses
        new[:free] = lsq_linear(lines[:, :free], aim, (ranges.tension[:free, 0], ranges.tension[:free, 2])).x
        if np.allclose(new, tension, atol=1e-6):
            break
        tension = new
    return np.tile(tension, 2) * per_newton


def noise_needed(trials: Sequence[Trial], x: np.ndarray, name: str) -> float:
    """Standard deviation (percent strain) of independent noise in both normal strains, with half its square in the shear, that raises the
    mean of a largest strain to its published figure: strains without direction cancel, the radius of Mohr's circle does not."""
    trial = next(t for t in trials if any(row.row == name for row in t.rows))
    k = next(k for k, row in enumerate(trial.rows) if row.row == name)
    random = np.random.default_rng(SEED)
    parts, weights = [], []
    for group in trial.groups:
        day, region, _ = group.of_row[k]
        parts.append(100 * np.moveaxis(region.parts @ (group.pulls[:, day] @ x).T, 2, 1).reshape(3, -1))
        weights.append(np.tile(region.weight, len(group.pulls)))
    (middle, half, slant), weight = np.concatenate(parts, 1), np.concatenate(weights)
    noise = random.standard_normal((2, len(weight))) / np.sqrt(2)

    def excess(sd: float) -> float:
        return float(np.average(middle + np.hypot(half + sd * noise[0], slant + sd * noise[1]), weights=weight)) - trial.rows[k].value

    return float(brentq(excess, 0.0, 100.0))


def frown_displacement_mm(x: np.ndarray) -> float:
    """How far the skin 30 mm from the midline moves in the reference frown of a woman; 5.4 mm (standard deviation 1.4) was measured."""
    woman = typical_patients(load_population()["person_frontalis_margin_sd_mm"])[0]
    skin = measured._skin(woman.sex, woman.frontalis_upper_margin_mm)[0]
    pull = dict(zip(KINDS, x[: len(KINDS)] - x[len(KINDS) :], strict=True))
    newton = np.array([pull.get(without_side(muscle), 0.0) for muscle in skin.muscles])
    return float(np.linalg.norm(newton @ skin.at_point("frown_left")))


@dataclass(frozen=True)
class Problem:
    """Rows of strain in their virtual people, what they should be, and the frown that the table ships."""

    trials: tuple[Trial, ...]
    ranges: Ranges
    target: np.ndarray
    start: np.ndarray

    @property
    def rows(self) -> list[PublishedRow]:
        return [row for trial in self.trials for row in trial.rows]


def pose(held: Mapping[str, float], people: int) -> Problem:
    """The problem with some rows of the tables held elsewhere than they are shipped."""
    known = load_parameters()
    for name in held:
        if name not in trial_values() or (name in known.rows and known.rows[name].stage in SPREAD):
            raise SystemExit(f"--set {name}: not a row that acts after the toxin has spread; choose one of skin, junction, population")
    parameters = known.with_values({name: value for name, value in held.items() if name in known.rows})
    if held:
        measured.load_parameters = lambda: parameters  # the skin of typical faces is kept at the shipped values and takes no others
        measured._skin.cache_clear()
        measured._measured.cache_clear()
    values = {**trial_values(), **load_posterior().best(), **held}
    rows = [row for row in published_rows("calibrate") if row.quantity.startswith("strain")]
    names = sorted({row.trial for row in rows})
    trials = tuple(build(name, [r for r in rows if r.trial == name], values, parameters, people) for name in names)
    ranges = read_ranges()
    return Problem(trials, ranges, np.array([row.value for trial in trials for row in trial.rows]), ranges.start())


def report(problem: Problem, share: float) -> None:
    """The bound, what every muscle adds, and the settings found."""
    trials, ranges, target, start, rows = problem.trials, problem.ranges, problem.target, problem.start, problem.rows
    untreated = np.array([row.day == 0 for row in rows])
    whole = np.array(["_face_" in row.row for row in rows])
    now, _ = evaluate(trials, start)
    parts = alone(trials, len(start)) * start
    asked = {
        "three, day 0": (untreated & ~whole, 3), "day 0": (untreated, len(KINDS)), "all days": (untreated | True, len(KINDS)),
    }  # fmt: skip
    fits = {name: fit(trials, ranges, target, which, free, start) for name, (which, free) in asked.items()}
    fitted = {name: evaluate(trials, one)[0] for name, one in fits.items()}
    course, without = bound(trials, ranges, target, share, start)
    x, found = search(trials, ranges, target, share, start)
    shown = {"now": now, "found": found, **fitted}
    print(f"{'row':62s} published " + "".join(f"{name:>13s} " for name in shown) + "  one muscle alone: " + " ".join(k[:11] for k in KINDS))
    for k, row in enumerate(rows):
        each = "" if row.quantity == REDUCTION else " ".join(f"{a + b:11.2f}" for a, b in zip(*np.split(parts[k], 2), strict=True))
        columns = "".join(f"{one[k]:13.2f}{' ' if met(one, target, share)[k] else '*'}" for one in shown.values())
        print(f"{row.row:62s} {target[k]:9.2f} {columns}                    {each}")
    print("rows met (*: not): " + ", ".join(f"{name} {met(one, target, share).sum()}" for name, one in shown.items()) + f", of {len(rows)}")
    print("found, pulls in N at full frown, of which tone at rest:")
    for kind, frown, tone, was, rested in zip(KINDS, *np.split(x, 2), *np.split(start, 2), strict=True):
        print(f"    {kind:45s} {frown:.4f} {tone:.4f}   (shipped {was:.4f} {rested:.4f})")
    print("fitted: least squared relative errors; 'three': the first three muscles, without the rows of the whole face. Tensions in N:")
    for name, one in fits.items():
        factor = one[: len(KINDS)] / start[: len(KINDS)]
        print(f"    {name:13s}" + ", ".join(f"{kind} {t:.4g}" for kind, t in zip(KINDS, factor * ranges.tension[:, 1], strict=True)))
    for row in rows:
        if "_face_" in row.row:
            print(f"noise of each strain that would raise {row.row} to its figure: {noise_needed(trials, start, row.row):.2f} % strain")
    moved = {"now": start, "found": x, **fits}
    print("skin 30 mm lateral moves, mm (measured 5.4): " + ", ".join(f"{n} {frown_displacement_mm(one):.1f}" for n, one in moved.items()))
    print(f"bound: no setting meets more than {course[-1]} of {len(rows)} (with more and more cuts: {', '.join(map(str, course))})")
    print("    rows left out there: " + ", ".join(rows[k].row for k in without))


def scan(people: int, share: float) -> None:
    """Bound and found with one other row after the other at the ends of its range."""
    print("held elsewhere                                   met now   found   bound", flush=True)
    tables = {**load_parameters().rows, **load_population().rows}
    for name in ("", *SCANNED):
        for value in (tables[name].low, tables[name].high) if name else (0.0,):
            problem = pose({name: value} if name else {}, people)
            start = problem.start
            now = met(evaluate(problem.trials, start)[0], problem.target, share).sum()
            course, _ = bound(problem.trials, problem.ranges, problem.target, share, start)
            found = met(search(problem.trials, problem.ranges, problem.target, share, start)[1], problem.target, share).sum()
            print(f"{f'{name} = {value:g}' if name else 'nothing':48s} {now:7d} {found:7d} {course[-1]:7d}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--share", type=float, default=STRAIN_TOLERANCE)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--scan", action="store_true")
    asked = parser.parse_args()
    with threadpool_limits(1):
        if asked.scan:
            scan(asked.people, asked.share)
        else:
            report(pose({name: float(value) for name, value in (pair.split("=") for pair in asked.set)}, asked.people), asked.share)


if __name__ == "__main__":
    main()
