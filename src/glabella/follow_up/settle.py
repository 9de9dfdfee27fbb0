"""Lines that fit what was rated before treatment: depth at contraction and at rest of every candidate, and how likely that rating was.

An investigator's rating before treatment is the sum of the person's own deviation, of the effort that day and of the rating's noise, all
normal in ln depth. The sum is drawn between the borders of the grade and split among its parts in closed form (the conditional mean of
normals added to an unconditional draw), so no candidate is lost on a grade that was not seen; the chance of the grade is the weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from glabella.follow_up.candidates import Candidates, indications, of_indication
from glabella.outcome import CONTRACTION
from glabella.population.block import DEEPEST_REST
from glabella.population.lines import follow_lines
from glabella.population.people import Mix
from glabella.population.raters import Rater, borders_ln, rater

NO_LINE_MM = 1e-9
FARTHEST = 37.0  # standard deviations: beyond, a chance cannot be told from nothing
Entry = Mapping[tuple[str, str], float]  # (area, expression) -> grade by an investigator before treatment


@dataclass(frozen=True)
class Settled:
    """Candidates with lines: ln depth by (area, expression) (people, times), the effort of day 0 by indication, the deviation of the line
    at contraction and at rest from the usual, and the log chance (people,) of the ratings that they were drawn to fit."""

    candidates: Candidates
    depth_ln: Mapping[tuple[str, str], np.ndarray]
    effort_ln: Mapping[str, np.ndarray]
    line_ln: Mapping[str, np.ndarray]
    rest_ln: Mapping[str, np.ndarray]
    log_chance: np.ndarray

    def on(self, area: str, expression: str, day: float) -> np.ndarray:
        """Ln depth (people,) on a day of the course, without that day's effort."""
        times, values = self.candidates.times, self.depth_ln[area, expression]
        after = int(np.clip(np.searchsorted(times, day), 1, len(times) - 1))
        share = (day - times[after - 1]) / (times[after] - times[after - 1])
        return (1 - share) * values[:, after - 1] + share * values[:, after]


def draw_rated(
    grade: float, centre: np.ndarray, spreads: np.ndarray, noise_ln: float, borders: np.ndarray, normals: np.ndarray, uniforms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parts (parts, people) of ln depth about ``centre`` (people,) given that a rating of their sum with noise was ``grade``, and the log
    chance (people,) of that rating. ``spreads`` (parts,): standard deviations; ``normals`` (parts + 1, people), the last of the noise;
    ``uniforms`` (2, people). A grade between two, as of 2.5, is either of them.
    """
    whole = np.minimum(np.floor(grade) + (uniforms[0] < grade - np.floor(grade)), len(borders)).astype(int)
    spread = float(np.sqrt((spreads**2).sum() + noise_ln**2))
    edges = np.concatenate([[-np.inf], borders, [np.inf]])
    low, high = (np.clip((edges[whole + k] - centre) / spread, -FARTHEST, FARTHEST) for k in (0, 1))
    turned = low > 0  # in the tail that floating point resolves
    low, high = np.where(turned, -high, low), np.where(turned, -low, high)
    below, mass = ndtr(low), ndtr(high) - ndtr(low)
    total = np.clip(ndtri(np.maximum(below + uniforms[1] * mass, 1e-300)), low, high)
    total = spread * np.where(turned, -total, total)
    free = np.append(spreads, noise_ln)[:, None] * normals
    gap = total - free.sum(0)
    with np.errstate(divide="ignore"):
        return free[:-1] + (spreads**2)[:, None] / spread**2 * gap, np.log(mass)


def chance_ln(grade: float, depth_ln: np.ndarray, who: Rater, borders: np.ndarray, more_sd_ln: float = 0.0) -> np.ndarray:
    """Log chance (...) that a rater gives ``grade`` to lines of log depth ``depth_ln`` (...); a grade between two counts as either."""
    spread = np.hypot(who.noise_ln, more_sd_ln)
    edges = np.concatenate([[-np.inf], borders, [np.inf]])

    def chance(whole: int) -> np.ndarray:
        low, high = (edges[whole] - depth_ln) / spread, (edges[whole + 1] - depth_ln) / spread
        turned = low > 0
        return np.where(turned, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))

    first, part = int(grade), grade - int(grade)
    both = chance(first) if part == 0 else (1 - part) * chance(first) + part * chance(first + 1)
    with np.errstate(divide="ignore"):
        return np.log(both)


def settle(candidates: Candidates, entry: Entry) -> Settled:
    """Lines for every candidate that fit ``entry``; without it lines as people have them who are screened for a trial."""
    areas = tuple(candidates.folds)
    depth, efforts, lines, rests = {}, {}, {}, {}
    log_chance = np.zeros(candidates.count)
    for indication in indications(areas):
        members = of_indication(indication, areas)
        folded = {area: np.log(np.maximum(candidates.folds[area][:, 0], NO_LINE_MM)) for area in members}
        deepest = np.max(list(folded.values()), axis=0)
        line, effort, chance = _contracted(candidates, indication, folded, entry)
        contracted = candidates.shift[indication] + deepest + line
        rest, resting, rest_chance = _resting(candidates, indication, folded, contracted, entry)
        for area, own in folded.items():
            part = np.exp(own - deepest)
            found = follow_lines(
                candidates.times, candidates.folds[area], np.exp(contracted) * part, np.exp(resting) * part, candidates.values
            )
            depth[area, CONTRACTION[area]] = np.log(np.maximum(found.contracted_mm, NO_LINE_MM))
            depth[area, "rest"] = np.log(np.maximum(found.rest_mm, NO_LINE_MM))
        efforts[indication], lines[indication], rests[indication] = effort, line, rest
        log_chance = log_chance + chance + rest_chance
        for area, expression in _others(members, entry):
            seen = depth[area, expression][:, 0] + (0.0 if expression == "rest" else effort)
            investigator = rater("investigator", candidates.values)
            log_chance = log_chance + chance_ln(entry[area, expression], seen, investigator, borders_ln(candidates.values))
    return Settled(candidates, depth, efforts, lines, rests, log_chance)


def _others(members: tuple[str, ...], entry: Entry) -> list[tuple[str, str]]:
    """What was rated on the other side: the lines are drawn to fit the first side that was rated, and weighted by the rest."""
    found = []
    for contracted in (True, False):
        keys = [(area, CONTRACTION[area] if contracted else "rest") for area in members]
        found += [key for key in keys if key in entry][1:]
    return found


def _contracted(
    candidates: Candidates, indication: str, folded: Mapping[str, np.ndarray], entry: Entry
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviation of the line at contraction, effort of day 0, and the log chance of what was rated then (people,)."""
    values, normals = candidates.values, candidates.normals[indication]
    spreads = np.array([values["person_line_depth_sd_ln"], values["effort_sd_ln"]])
    area = next((one for one in folded if (one, CONTRACTION[one]) in entry), None)
    if area is None:
        return spreads[0] * normals[0], spreads[1] * normals[1], np.zeros(candidates.count)
    (line, effort), chance = draw_rated(
        entry[area, CONTRACTION[area]], candidates.shift[indication] + folded[area], spreads, rater("investigator", values).noise_ln,
        borders_ln(values), normals[:3], candidates.uniforms[indication][:2],
    )  # fmt: skip
    return line, effort, chance


def _resting(
    candidates: Candidates, indication: str, folded: Mapping[str, np.ndarray], contracted: np.ndarray, entry: Entry
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviation of the line at rest, its ln depth on the deeper side, and the log chance of what was rated before treatment (people,).

    A line at rest is never as deep as the contracted one: drawn without that limit, it is weighted by what the limit changes.
    """
    values, normals, deepest = candidates.values, candidates.normals[indication], np.max(list(folded.values()), axis=0)
    investigator, borders = rater("investigator", values), borders_ln(values)
    older = (candidates.people.age_years - Mix().mean_age_years) / 10
    usual = np.log(values["resting_line_depth_mm"]) + values["resting_line_per_decade_ln"] * older
    limit = np.log(DEEPEST_REST) + contracted
    spread = values["person_resting_line_sd_ln"]
    area = next((one for one in folded if (one, "rest") in entry), None)
    if area is None:
        rest = spread * normals[3]
        return rest, np.minimum(usual + rest, limit), np.zeros(candidates.count)
    grade, lower = entry[area, "rest"], folded[area] - deepest
    (rest,), chance = draw_rated(
        grade, usual + lower, np.array([spread]), investigator.noise_ln, borders, normals[3:5], candidates.uniforms[indication][2:4]
    )
    resting = np.minimum(usual + rest, limit)
    free, held = (chance_ln(grade, depth + lower, investigator, borders) for depth in (usual + rest, resting))
    with np.errstate(invalid="ignore"):
        return rest, resting, chance + np.where(np.isfinite(free), held - free, -np.inf)
