"""Nerve endings and muscle over many sessions: the junction's and the muscle's own laws with a state that is carried on.

Every session has the same needles, units and landing places, so an element takes up the same E0 each time and the light chain of
all sessions together is E0 times one function of time per class of endings. Elements therefore reduce to nodes of ln E0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.stages.junction.blockade import UptakeDose
from glabella.stages.junction.closed_forms import blocked_endings, light_chain, taken_up_ratio, toxin_inside
from glabella.stages.junction.course import Kinetics, sprout
from glabella.stages.muscle.force import waste

NODE_STEP_LN = 0.04  # hat functions of ln E0: error of a muscle's block below 2e-4 (tests/verification/test_years.py)
FLOOR_RATIO = 0.02  # of the threshold: with the light chain of many sessions still below a ten-thousandth of the endings
REACHED = 1e-3  # of the half dose: a muscle that gets less everywhere is not followed


@dataclass(frozen=True)
class Uptake:
    """What one session brings in: ``ratio`` (nodes,) E0, and ``share`` (muscles, nodes) of each muscle's volume at each node."""

    muscles: tuple[str, ...]
    ratio: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class NerveState:
    """Where endings and muscles stand: ``toxin`` inside and ``chain`` (classes,) per E0, ``sprouts`` (nodes,), ``wasted`` (muscles,)."""

    toxin: float
    chain: np.ndarray
    sprouts: np.ndarray
    wasted: np.ndarray


@dataclass(frozen=True)
class NerveCourse:
    """``times``: interval ends at even places, middles at odd ones. Light ``chain`` per E0 (classes, times); ``toxin`` inside (times,);
    ``blocked_nodes`` and ``sprouts`` (times, nodes); ``active`` (times, muscles); ``wasted`` (ends, muscles) at the even times."""

    uptake: Uptake
    times: np.ndarray
    toxin: np.ndarray
    chain: np.ndarray
    blocked_nodes: np.ndarray
    sprouts: np.ndarray
    active: np.ndarray
    wasted: np.ndarray

    @property
    def blocked(self) -> np.ndarray:
        """Blocked share of the endings (times, muscles)."""
        return self.blocked_nodes @ self.uptake.share.T

    @property
    def ends(self) -> np.ndarray:
        """Times at which bulk and force are known."""
        return self.times[::2]

    @property
    def force(self) -> np.ndarray:
        """Force (ends, muscles) as a share of the untreated muscle."""
        return self.active[::2] * (1 - self.wasted)

    def state(self, end: int) -> NerveState:
        """What to carry on from the interval end number ``end``."""
        at = 2 * end
        return NerveState(float(self.toxin[at]), self.chain[:, at].copy(), self.sprouts[at].copy(), self.wasted[end].copy())


def take_up(dose: Mapping[str, UptakeDose], kinetics: Kinetics, half_dose_units_per_mm3: float) -> Uptake:
    """Reduce the dose of one session (one row per muscle) to nodes; muscles out of reach are left out."""
    floor = np.log(FLOOR_RATIO * kinetics.threshold_ratio)
    count = int(np.ceil((np.log(kinetics.maximum_ratio) - floor) / NODE_STEP_LN)) + 1
    muscles, shares = [], []
    for name, part in dose.items():
        if part.dose_units_per_mm3.max(initial=0.0) < REACHED * half_dose_units_per_mm3:
            continue
        ratio = taken_up_ratio(part.dose_units_per_mm3[0], kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
        volume = part.volume_mm3 / part.volume_mm3.sum()
        with np.errstate(divide="ignore"):
            place = np.maximum((np.log(ratio) - floor) / NODE_STEP_LN, 0.0)
        index = np.minimum(place.astype(np.intp), count - 2)
        upper = place - index
        shares.append(np.bincount(index, volume * (1 - upper), count) + np.bincount(index + 1, volume * upper, count))
        muscles.append(name)
    share = np.stack(shares) if shares else np.zeros((0, count))
    ratio = np.exp(floor + NODE_STEP_LN * np.arange(count))
    ratio[0] = 0.0  # what lies at the floor or below blocks nothing
    used = np.flatnonzero(share.any(0))
    return Uptake(tuple(muscles), ratio[used], share[:, used])


def untouched(uptake: Uptake, kinetics: Kinetics) -> NerveState:
    """Before the first session."""
    return NerveState(0.0, np.zeros(len(kinetics.classes)), np.zeros(len(uptake.ratio)), np.zeros(len(uptake.muscles)))


def follow_nerves(
    uptake: Uptake,
    kinetics: Kinetics,
    rates: tuple[float, float, float],
    state: NerveState,
    times: np.ndarray,
    session_days: np.ndarray,
) -> NerveCourse:
    """The course over ``times`` from ``state`` at the first of them, with sessions among ``session_days`` (at or after it).

    ``rates``: atrophy and regrowth per day, floor of the bulk. The light chain is exact whatever the times; sprouts and bulk are
    exponential integrals between them.
    """
    elapsed = times - times[0]
    since = times[:, None] - session_days
    formation = kinetics.formation_per_day
    toxin = state.toxin * np.exp(-formation * elapsed) + toxin_inside(since, formation).sum(1)
    chain = np.stack(
        [
            old * np.exp(-loss * elapsed) + state.toxin * light_chain(elapsed, formation, loss) + light_chain(since, formation, loss).sum(1)
            for old, (_, loss) in zip(state.chain, kinetics.classes, strict=True)
        ]
    )
    blocked = np.zeros((len(times), len(uptake.ratio)))
    if chain.any():
        for each, (share, _) in zip(chain, kinetics.classes, strict=True):
            blocked += share * blocked_endings(
                each[:, None] * uptake.ratio, kinetics.threshold_ratio, kinetics.exponent, kinetics.spread_sd_ln
            )
    sprouts = sprout(times, blocked, kinetics.sprout_per_day, state.sprouts)
    lost = sprouts * -kinetics.sprout_release
    lost += 1
    lost *= blocked
    active = 1 - lost @ uptake.share.T
    wasted = waste(times, active, *rates, start=state.wasted)
    return NerveCourse(uptake, times, toxin, chain, blocked, sprouts, active, wasted)
