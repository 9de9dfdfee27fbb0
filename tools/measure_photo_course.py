"""What pictures alone are worth: people whose lines are painted as deep as the model has them, forecast from the pictures.

Called by tools/measure_photo_series.py --course [--people 16]. A person of the population, rated moderate or severe before treatment, is
painted frowning on days 0, 14 and 60: an invented head, skin and lamp of their own, posed anew each time, grain on every picture, the
light of a third of them changed on day 60. The pictures go the whole way: landmarks, fit, lines, checks, errors, weights.
"""

import sys
from dataclasses import replace

import numpy as np
from tests.photo_made import SKINS, invented_face, paint

from glabella.calibration.posterior import load_posterior
from glabella.follow_up.candidates import draw_candidates
from glabella.follow_up.follow_up import find_alike, follow_times
from glabella.follow_up.forecast import follow_people
from glabella.follow_up.known_people import HANDFUL, KnownPerson, score
from glabella.follow_up.settle import settle
from glabella.follow_up.visits import PICTURE, Visit, Visits
from glabella.outcome import CONTRACTION
from glabella.patient import Patient
from glabella.photo_series.series import PictureOf, look_at_series
from glabella.plan import Plan
from glabella.population.block import ENTRY_GRADE
from glabella.population.raters import borders_ln, rate, rater
from measure_photo_series import STUDIOS, drawn, expected_on, grainy, usual

DAYS, TOLD = (0.0, 14.0, 60.0), (90.0, 120.0, 150.0)
AREA, PER_HANDFUL, DEEPEST_MM = "glabellar", 4, 4.0
BLOCKS, BLOCK_PEOPLE = 32, 250


def draw_people(alike, posterior, times, count, seed):
    """(entry, depth in mm by day, truth, pull on day over that of day 0) of people who enter."""
    found, number, expression = [], 0, CONTRACTION[AREA]
    while len(found) < count:
        random = np.random.default_rng([seed, number])
        settled = settle(draw_candidates(alike, posterior, times, seed, number, HANDFUL), {})
        values, borders = settled.candidates.values, borders_ln(settled.candidates.values)
        investigator, people = rater("investigator", values), settled.candidates.count
        efforts = {0.0: settled.effort_ln[AREA], **{day: values["effort_sd_ln"] * random.standard_normal(people) for day in DAYS[1:]}}
        depth = {day: settled.on(AREA, expression, day) + efforts[day] for day in DAYS}
        before = rate(depth[0.0], investigator, borders, random.standard_normal(people))
        rest = rate(settled.on(AREA, "rest", 0.0), investigator, borders, random.standard_normal(people))
        courses, at = follow_people(settled, ENTRY_GRADE, 0.0), np.searchsorted(times, TOLD)
        strain = settled.candidates.strain[AREA]
        for who in np.flatnonzero(before >= ENTRY_GRADE)[:PER_HANDFUL]:
            entry = {(AREA, expression): float(before[who]), (AREA, "rest"): float(rest[who])}
            pull = {day: float(strain[who, np.searchsorted(times, day)] / strain[who, 0]) for day in DAYS}
            truth = {name: courses.curves[AREA, name][who, at] for name in ("grade", "strain")}
            found.append((entry, {day: float(np.exp(values_[who])) for day, values_ in depth.items()}, truth, pull))
        number += 1
    return found[:count]


def photograph(number, depth, pull, model, seed):
    """Visits of one person's pictures, and what was read over what was painted."""
    random = np.random.default_rng([seed, 77, number])
    head, light = 600 + number + 100 * seed, STUDIOS[number % 3]
    _, neutral = invented_face(head)
    lines, base = expected_on(neutral), replace(usual(head), skin=list(SKINS)[(number // 3) % 3])
    pictures = []
    for day in DAYS:
        lamp = STUDIOS[(number + 1) % 3] if day == DAYS[-1] and number % 3 == 2 else light
        turn, nod, distance = random.uniform(-6, 6), random.uniform(-4, 4), random.uniform(500, 800)
        units = dict.fromkeys(("browDownLeft", "browDownRight"), 0.7 * pull[day])
        case = replace(base, light=lamp, turn=turn, nod=nod, distance_mm=distance)
        made = paint(case, invented_face(head, units)[0], drawn(lines, min(depth[day], DEEPEST_MM), (AREA,)))
        pictures.append(PictureOf(day, CONTRACTION[AREA], grainy(made, [number, int(day)])))
    series = look_at_series(pictures, model)
    looks = series.looks[CONTRACTION[AREA]]
    visits = tuple(
        Visit(
            look.day, AREA, CONTRACTION[AREA], depth_mm=look.depths[AREA].depth_mm, depth_error_mm=look.depths[AREA].repeat_error_mm,
            depth_from=PICTURE,
        )
        for look in looks
        if AREA in look.depths
    )  # fmt: skip
    read = [(look.depths[AREA].depth_mm, min(depth[look.day], DEEPEST_MM), look.fine) for look in looks if AREA in look.depths]
    return Visits(visits), read


def measure_course(model, people=None, seed=3):
    people = people or (int(sys.argv[sys.argv.index("--people") + 1]) if "--people" in sys.argv else 16)
    posterior, times = load_posterior(), follow_times(DAYS, 180.0, np.zeros(1))
    alike, _ = find_alike(Plan.label("onabotulinumtoxinA"), Patient(age_years=45), Visits(), {}, lambda step, share: None)
    known, reads = [], []
    for number, (entry, depth, truth, pull) in enumerate(draw_people(alike, posterior, times, people, seed)):
        visits, read = photograph(number, depth, pull, model, seed)
        known.append(KnownPerson(entry, visits, truth))
        reads += read
        told = ", ".join(f"{a:.2f} of {b:.2f}{'' if fine else ' (caution)'}" for a, b, fine in read)
        print(f"person {number}: {told}", file=sys.stderr, flush=True)
    whole = [one for one in known if one.visits.days == DAYS]
    return score(alike, posterior, times, whole, TOLD, seed + 1, BLOCKS, BLOCK_PEOPLE), reads


def tell_course(found):
    scores, _ = found
    said = {0: "none", 1: "day 0", 2: "days 0 and 14", 3: "days 0, 14 and 60"}
    print("| what | pictures of | mean error | against day 0 | root mean square | inside the 90 % band (95 % interval) | width of it |")
    print("|---|---|---|---|---|---|---|")
    first = {one.quantity: one.mean_error for one in scores if one.visits == 1}
    for one in sorted(scores, key=lambda one: (one.quantity, one.visits)):
        factor, spec = (100, ".2f") if one.quantity == "strain" else (1, ".3f")
        what = "strain, percentage points" if one.quantity == "strain" else "grade at maximum frown"
        inside = f"{100 * one.inside:.1f} % ({100 * one.inside_low:.1f} to {100 * one.inside_high:.1f})"
        print(
            f"| {what} | {said[one.visits]} | {factor * one.mean_error:{spec}} | {one.mean_error / first[one.quantity] - 1:+.0%} | "
            f"{factor * one.root_mean_square:{spec}} | {inside} | "
            f"{factor * one.width:{spec}} |"
        )
    print(f"{scores[0].people} people")
