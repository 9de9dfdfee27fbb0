"""The course of many people at once: dose, block, bulk and strain, in closed forms on a common grid of times.

The same equations as the stages, with one person's own rates: see ``stages/junction`` and ``stages/muscle``.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from scipy.special import expit

from glabella.population.archetypes import Archetype, AreaFolding
from glabella.population.people import People
from glabella.stages.junction.closed_forms import small_block_table
from glabella.stages.junction.course import Kinetics

NODE_STEP_LN = 0.08  # of ln E0 between the nodes on which the block is computed
TABLE_STEP = 0.002
NEGLIGIBLE_BLOCK = 1e-4
FIRST_DAYS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 19.0, 24.0, 30.0)
LATER_STEP_DAYS = 8.0
SOME = 16  # people whose elements are followed together through several sessions


def course_times(visits: np.ndarray) -> np.ndarray:
    """Times of the course: dense at first, then every 8 days, the visits among them."""
    last = float(max(visits.max(), 1.0))
    later = np.arange(38.0, last, LATER_STEP_DAYS)
    times = np.unique(np.concatenate([[0.0], FIRST_DAYS, later, visits]))
    return times[times <= last]


@lru_cache(maxsize=8)
def block_table(exponent: float, spread_sd_ln: float) -> tuple[float, np.ndarray]:
    """Share of blocked endings against ln(L / theta), from the argument returned first on, in steps of ``TABLE_STEP``."""
    reach = (25.0 + (exponent * spread_sd_ln) ** 2 / 2) / exponent
    node, weight = np.polynomial.hermite_e.hermegauss(41)
    y = np.arange(-round(reach / TABLE_STEP), round(reach / TABLE_STEP) + 1) * TABLE_STEP
    values = expit(exponent * (y[:, None] + spread_sd_ln * node)) @ (weight / weight.sum())
    values[0] = 0.0
    return float(y[0]), np.append(values, values[-1])


def nodes_ln(kinetics: Kinetics) -> np.ndarray:
    """Logs of the ratios E0 at which courses are computed."""
    spread = (kinetics.exponent * kinetics.spread_sd_ln) ** 2 / 2
    floor = np.log(kinetics.threshold_ratio) + (np.log(NEGLIGIBLE_BLOCK) - spread) / kinetics.exponent
    count = int(np.ceil((np.log(kinetics.maximum_ratio) - floor) / NODE_STEP_LN)) + 1
    return floor + NODE_STEP_LN * np.arange(count)


def landings(archetype: Archetype, people: People, who: np.ndarray, session: int) -> np.ndarray:
    """Landing place of each needle (people, needles) in a session: every session reads digits of its own of the person's random number."""
    places = archetype.dose_per_unit.shape[1]
    return (people.uniform[who] * float(places) ** (session + 1)).astype(np.int64) % places


def local_ratio(archetype: Archetype, units: np.ndarray, people: People, who: np.ndarray, session: int, kinetics: Kinetics) -> np.ndarray:
    """Light chain to come, E0 (people, elements), from ``units`` (needles,) of one session; uptake at the endings saturates."""
    chosen = landings(archetype, people, who, session)
    dose = np.zeros((len(who), len(archetype.share)))
    for needle, per_unit in enumerate(archetype.dose_per_unit):
        dose += units[needle] * per_unit[chosen[:, needle]]
    dose *= (kinetics.potency * np.exp(people.sensitivity_ln[who]))[:, None]
    return kinetics.maximum_ratio * dose / (dose + kinetics.half_dose_units_per_mm3)


def node_weights(archetype: Archetype, units: np.ndarray, people: People, who: np.ndarray, kinetics: Kinetics) -> np.ndarray:
    """Share of each muscle's endings at each node (people, muscles, nodes) for people ``who`` of this archetype."""
    ratio = local_ratio(archetype, units, people, who, 0, kinetics)
    nodes = nodes_ln(kinetics)
    with np.errstate(divide="ignore"):
        position = np.maximum((np.log(ratio) - nodes[0]) / NODE_STEP_LN, 0.0)
    index = np.minimum(position.astype(np.intp), len(nodes) - 2)
    upper = position - index
    muscles = len(archetype.muscles)
    flat = (np.arange(len(who))[:, None] * muscles + archetype.muscle_of) * len(nodes) + index
    size = len(who) * muscles * len(nodes)
    weight = np.bincount(flat.ravel(), (archetype.share * (1 - upper)).ravel(), size)
    weight += np.bincount(flat.ravel() + 1, (archetype.share * upper).ravel(), size)
    return weight.reshape(len(who), muscles, len(nodes))


def node_courses(
    times: np.ndarray, formation: np.ndarray, half_life_factor: np.ndarray, kinetics: Kinetics
) -> tuple[np.ndarray, np.ndarray]:
    """Blocked share and loss 1 - a (people, times, nodes) of endings at each node after one session on day 0."""
    nodes = nodes_ln(kinetics)
    lowest, table = block_table(kinetics.exponent, kinetics.spread_sd_ln)
    blocked = np.zeros((len(formation), len(times), len(nodes)))
    for share, loss in kinetics.classes:
        rate = loss / half_life_factor
        gap = formation - rate
        gap = np.where(np.abs(gap) < 1e-6, 1e-6, gap)
        chain = (formation / gap)[:, None] * (np.exp(-rate[:, None] * times) - np.exp(-formation[:, None] * times))
        with np.errstate(divide="ignore"):
            y = np.log(chain) - np.log(kinetics.threshold_ratio) - lowest
        place = np.clip((y[:, :, None] + nodes) / TABLE_STEP, 0.0, len(table) - 2.0)
        index = place.astype(np.intp)
        place -= index
        low = table[index]
        low += place * (table[index + 1] - low)
        blocked += share * low
    lost = np.empty_like(blocked)
    grown = np.zeros_like(blocked[:, 0])
    lost[:, 0] = blocked[:, 0]
    keep, start, end = linear_decay(kinetics.sprout_per_day * np.diff(times))
    for k in range(len(times) - 1):
        grown = keep[k] * grown + start[k] * blocked[:, k] + end[k] * blocked[:, k + 1]
        lost[:, k + 1] = blocked[:, k + 1] * (1 - kinetics.sprout_release * grown)
    return blocked, lost


def linear_decay(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exact step of ``G' = rate (b - G)`` over ``x = rate dt`` for b in a straight line: factor on G, on b at the start and the end."""
    keep = np.exp(-x)
    mean = -np.expm1(-x) / x
    return keep, mean - keep, 1 - mean


def waste(times: np.ndarray, lost: np.ndarray, atrophy: float, regrowth: float, floor: float) -> np.ndarray:
    """Bulk (people, times, muscles) for the loss 1 - a (people, times, muscles) in straight lines between ``times``."""
    bulk = np.ones_like(lost)
    missing = np.zeros_like(lost[:, 0])
    for k, step in enumerate(np.diff(times)):
        middle = 0.5 * (lost[:, k] + lost[:, k + 1])
        rate = atrophy * middle + regrowth * (1 - middle)
        keep = np.exp(-rate * step)
        missing = keep * missing + (1 - keep) / rate * atrophy * (1 - floor) * middle
        bulk[:, k + 1] = 1 - missing
    return bulk


def muscle_force(
    archetype: Archetype,
    units: np.ndarray,
    people: People,
    who: np.ndarray,
    times: np.ndarray,
    kinetics: Kinetics,
    rates: Mapping[str, float],
) -> np.ndarray:
    """Force (people, times, muscles) of the followed muscles as a share of untreated."""
    weight = node_weights(archetype, units, people, who, kinetics)
    formation = kinetics.formation_per_day * np.exp(people.formation_ln[who])
    _, lost = node_courses(times, formation, np.exp(people.half_life_ln[who]), kinetics)
    lost = lost @ weight.transpose(0, 2, 1)
    bulk = waste(times, lost, rates["muscle_atrophy_per_day"], rates["muscle_regrowth_per_day"], rates["muscle_bulk_floor"])
    return (1 - lost) * bulk


def session_times(times: np.ndarray, session_days: np.ndarray) -> np.ndarray:
    """``times`` and those that are dense after every session."""
    found = np.unique(np.concatenate([times, session_days, *(day + np.array(FIRST_DAYS) for day in session_days)]))
    return found[found <= times[-1]]


def repeated_force(
    archetype: Archetype,
    units: np.ndarray,
    session_days: np.ndarray,
    people: People,
    who: np.ndarray,
    times: np.ndarray,
    kinetics: Kinetics,
    rates: Mapping[str, float],
) -> np.ndarray:
    """Like ``muscle_force`` for several sessions, ``units`` (sessions, needles): at each element the light chain of all sessions adds."""
    grid = session_times(times, session_days)
    force = np.empty((len(who), len(times), len(archetype.muscles)))
    for first in range(0, len(who), SOME):
        some = who[first : first + SOME]
        lost = _repeated_loss(archetype, units, session_days, people, some, grid, kinetics)
        bulk = waste(grid, lost, rates["muscle_atrophy_per_day"], rates["muscle_regrowth_per_day"], rates["muscle_bulk_floor"])
        force[first : first + SOME] = ((1 - lost) * bulk)[:, np.searchsorted(grid, times)]
    return force


def _repeated_loss(
    archetype: Archetype,
    units: np.ndarray,
    session_days: np.ndarray,
    people: People,
    who: np.ndarray,
    times: np.ndarray,
    kinetics: Kinetics,
) -> np.ndarray:
    """Loss 1 - a (people, times, muscles) of endings after several sessions."""
    sessions = range(len(session_days))
    ratio = np.stack([local_ratio(archetype, units[n], people, who, n, kinetics) for n in sessions], axis=1)
    reached = np.flatnonzero(ratio.sum(1).max(0) > np.exp(nodes_ln(kinetics)[0]))
    ratio = ratio[:, :, reached]
    formation = (kinetics.formation_per_day * np.exp(people.formation_ln[who]))[:, None, None]
    elapsed = np.maximum(times[:, None] - session_days, 0.0)
    chains = []
    for _, loss in kinetics.classes:
        rate = (loss / np.exp(people.half_life_ln[who]))[:, None, None]
        gap = formation - rate
        gap = np.where(np.abs(gap) < 1e-6, 1e-6, gap)
        chains.append(formation / gap * (np.exp(-rate * elapsed) - np.exp(-formation * elapsed)) / kinetics.threshold_ratio)
    lost = _element_loss(np.stack(chains, axis=1), ratio, times, kinetics)
    together = np.zeros((len(reached), len(archetype.muscles)))
    together[np.arange(len(reached)), archetype.muscle_of[reached]] = archetype.share[reached]
    return lost @ together


def _element_loss(chain: np.ndarray, ratio: np.ndarray, times: np.ndarray, kinetics: Kinetics) -> np.ndarray:
    """Loss 1 - a (people, times, elements) for ``chain`` (people, classes, times, sessions) of light chain per ratio, in thresholds.

    ``ratio`` (people, sessions, elements). Compiled where the extra ``fast`` is installed: the same to 1e-5.
    """
    keep, start, end = linear_decay(kinetics.sprout_per_day * np.diff(times))
    try:
        from glabella.stages.junction.compiled import block, lose_straight
    except ImportError:  # not installed, or not made for the numpy that is
        pass
    else:
        shares, table = np.array([share for share, _ in kinetics.classes]), small_block_table(kinetics.exponent, kinetics.spread_sd_ln)
        lost = np.empty((len(chain), len(times), ratio.shape[2]))
        for one, taken, found in zip(chain, ratio, lost, strict=True):
            lose_straight(block(one, taken, shares, table), keep, start, end, kinetics.sprout_release, found)
        return lost
    lowest, table = block_table(kinetics.exponent, kinetics.spread_sd_ln)
    blocked = np.zeros((len(chain), len(times), ratio.shape[2]))
    for c, (share, _) in enumerate(kinetics.classes):
        with np.errstate(divide="ignore"):
            place = np.log(chain[:, c] @ ratio)
        place -= lowest
        place /= TABLE_STEP
        np.clip(place, 0.0, len(table) - 2.0, out=place)
        index = place.astype(np.intp)
        place -= index
        low = table[index]
        low += place * (table[index + 1] - low)
        low *= share
        blocked += low
    grown = np.zeros_like(blocked[:, 0])
    lost = np.zeros_like(blocked)
    for k in range(len(times) - 1):
        grown = keep[k] * grown + start[k] * blocked[:, k] + end[k] * blocked[:, k + 1]
        lost[:, k + 1] = blocked[:, k + 1] * (1 - kinetics.sprout_release * grown)
    return lost


def area_strain(folding: AreaFolding, column_of: np.ndarray, force: np.ndarray, newton: np.ndarray) -> np.ndarray:
    """Mean compressive strain (people, times): ``force`` (people, times, followed muscles), ``newton`` (people, all muscles)."""
    pull = np.repeat(newton[:, None], force.shape[1], axis=1)
    inside = column_of >= 0
    pull[:, :, column_of[inside]] *= force[:, :, inside]
    flat = pull.reshape(-1, pull.shape[2]).T
    mean = np.empty(flat.shape[1])
    for first in range(0, flat.shape[1], 512):
        middle, half, slant = folding.parts @ flat[:, first : first + 512]
        half *= half
        slant *= slant
        half += slant
        middle -= np.sqrt(half, out=half)
        mean[first : first + 512] = -(folding.weight @ np.minimum(middle, 0.0, out=middle))
    return mean.reshape(force.shape[:2])
