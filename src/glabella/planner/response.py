"""Units to what the skin does, in every draw, with exact derivatives: the stages after the spread, for many draws at once.

The junction is tabulated per draw on nodes of ln E0, so a muscle's course is its elements' weights on the nodes times the table. The
rest are the stages' own laws. Days are few and chosen: dense after the treatment, then every eight days, with those of the goal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from glabella.names import AREAS, SIDES
from glabella.planner.influence import Influence
from glabella.planner.objectives import Chance, Key
from glabella.planner.risk import Risk
from glabella.stages.junction.closed_forms import taken_up_ratio
from glabella.stages.junction.course import follow, junction_kinetics
from glabella.stages.muscle.force import waste
from glabella.stages.skin import EXPRESSIONS
from glabella.stages.skin.strain import MEASURED, compression_slope, mean_compression
from glabella.stages.wrinkle.buckling import fold_amplitude, fold_slope, threshold_strain
from glabella.stages.wrinkle.grade import CONTRACTION, line_law, soft_layer_kpa
from glabella.stages.wrinkle.memory import resting_line
from glabella.stages.wrinkle.scale import wrinkle_scale

NODE_STEP_LN = 0.02  # hat functions of ln E0 as in the junction's own table: error below 1e-4
FLOOR_RATIO = 0.01  # of the threshold: what takes up less blocks less than 1e-9 of its endings
FIRST_DAYS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 14.0, 18.0, 23.0, 30.0)
LATER_STEP_DAYS = 8.0
TINY = 1e-30  # step of the complex derivative: exact to rounding


def goal_days(on_day: float, last_day: float) -> np.ndarray:
    """Days (t,) on which a plan is followed: 0, dense at first, then every eight days, with the goal's own."""
    later = np.arange(FIRST_DAYS[-1], last_day, LATER_STEP_DAYS)
    days = np.unique(np.concatenate([[0.0], FIRST_DAYS, later, [on_day, last_day]]))
    return days[days <= max(last_day, FIRST_DAYS[-1])]


@dataclass(frozen=True)
class Response:
    """What units at the needles of an ``influence`` do on ``days`` (t,). Tables that no plan changes are made once."""

    influence: Influence
    days: np.ndarray
    risk: Risk

    def reply(self, units: np.ndarray, directions: np.ndarray | None = None) -> "InfluenceReply":
        """What ``units`` (needles,) do; ``directions`` (needles, variables): also the derivative by each variable."""
        return InfluenceReply(self, np.asarray(units, float), directions)

    @cached_property
    def times(self) -> np.ndarray:
        """Course times: ``days`` at even places, middles between them at odd places."""
        times = np.empty(2 * len(self.days) - 1)
        times[::2] = self.days
        times[1::2] = (self.days[:-1] + self.days[1:]) / 2
        return times

    @cached_property
    def nodes_ln(self) -> np.ndarray:
        """Logs of E0 at which courses are tabulated, for all draws."""
        most = max(values["junction_emax_ratio"] for values in self.influence.draws)
        floor = FLOOR_RATIO * self.influence.nominal["block_threshold_ratio"]
        return np.log(floor) + NODE_STEP_LN * np.arange(int(np.ceil(np.log(most / floor) / NODE_STEP_LN)) + 2)

    @cached_property
    def lost(self) -> np.ndarray:
        """Loss of active endings (draws, nodes, times)."""
        ratio = np.exp(self.nodes_ln)[None]
        product = self.influence.template.product
        return np.stack(
            [follow(ratio, np.zeros(1), self.times, junction_kinetics(values, product))[1].T for values in self.influence.draws]
        )

    def only(self, draw: int) -> "Response":
        """The response of one draw, with its tables."""
        influence = replace(
            self.influence,
            draws=self.influence.draws[draw : draw + 1],
            offsets_mm=self.influence.offsets_mm[draw : draw + 1],
            dose_per_unit=self.influence.dose_per_unit[draw : draw + 1],
        )
        one = Response(influence, self.days, self.risk)
        one.__dict__["nodes_ln"] = self.nodes_ln
        one.__dict__["lost"] = self.lost[draw : draw + 1]
        one.__dict__["untreated_newton"] = {name: newton[draw : draw + 1] for name, newton in self.untreated_newton.items()}
        return one

    def rows(self, name: str) -> np.ndarray:
        """A parameter (draws,) in every draw."""
        return np.array([values[name] for values in self.influence.draws])

    @cached_property
    def untreated_newton(self) -> dict[str, np.ndarray]:
        """Tension (draws, muscles of the skin) of the untreated muscles by expression."""
        person = self.influence.person
        return {e: np.stack([person.skin.tension_newton(e, person.patient, p) for p in self.influence.draws]) for e in EXPRESSIONS}


@dataclass(frozen=True)
class Uptake:
    """Of each element (draws, elements): the node below ln E0, the weight of the node above, and that weight's derivative by the dose."""

    index: np.ndarray
    upper: np.ndarray
    per_dose: np.ndarray


@dataclass(frozen=True)
class InfluenceReply:
    """The draws' reply to ``units`` (needles,): a ``Reply`` of the objectives. Each curve is computed when it is asked for."""

    response: Response
    units: np.ndarray
    directions: np.ndarray | None
    _held: dict = field(default_factory=dict, repr=False)

    @property
    def days(self) -> np.ndarray:
        """Days (t,) of every curve."""
        return self.response.days

    def curve(self, key: Key) -> np.ndarray:
        """A curve (draws, t)."""
        return self._find(key)[0]

    def slope(self, key: Key) -> np.ndarray | None:
        """Derivative (draws, t, variables) of a curve."""
        return self._find(key)[1]

    def side_effect(self, effect: str) -> Chance:
        """Probability of a computed side effect, and its derivative."""
        if effect == "brow_ptosis":
            keys = [("brow", side, part) for side in SIDES for part in ("head", "peak", "tail")]
            heights = np.stack([self.curve(key) for key in keys], axis=2)
            heights = heights.reshape(len(heights), -1)
            lowest, draw = heights.argmin(1), np.arange(len(heights))
            slopes = [self.slope(key) for key in keys]
            slope = None
            if slopes[0] is not None:
                stacked = np.stack([s for s in slopes if s is not None], axis=2)
                slope = -stacked.reshape(len(heights), -1, stacked.shape[-1])[draw, lowest]
            return self.response.risk.brow_ptosis(-heights[draw, lowest], slope)
        return self.response.risk.chance(effect, self.units, self.directions)

    def rated_at_most(self, depth_mm: np.ndarray, grade: int) -> tuple[np.ndarray, np.ndarray]:
        """Probability that a rater gives the grade or less, and its derivative by ln(depth)."""
        return wrinkle_scale(self.response.influence.nominal).rated_at_most(depth_mm, grade)

    # --- the chain ------------------------------------------------------------------------------------------------------------

    def _find(self, key: Key) -> tuple[np.ndarray, np.ndarray | None]:
        if key not in self._held:
            if key[0] == "movement":
                self._held[key] = self._movement(key[1])
            elif key[0] == "brow":
                self._held[key] = self._brow(key[1], key[2])
            elif key[0] == "fold":
                self._held[key] = self._fold(key[1], key[2])
            elif key[0] == "skin" and key[3] == "strain":
                self._held[key] = self._strain(key[1], key[2])
            elif key[0] == "skin" and key[3] in ("depth_mm", "grade"):
                self._held[key] = self._lines(key[1], key[2], key[3])
            elif key[0] == "muscle" and key[2] == "force":
                force, slope = self.force
                place = self.response.influence.elements.muscles.index(key[1])
                self._held[key] = force[:, :, place], None if slope is None else slope[:, :, place]
            else:
                raise KeyError(f"no curve {key}: {AREAS}, {EXPRESSIONS}; strain, depth_mm or grade")
        return self._held[key]

    @cached_property
    def uptake(self) -> "Uptake":
        """Where the uptake of each element lies among the nodes."""
        response, influence = self.response, self.response.influence
        kinetics = [junction_kinetics(values, influence.template.product) for values in influence.draws]
        potency, most, half = (np.array([getattr(k, name) for k in kinetics])[:, None] for name in _UPTAKE)
        dose = np.einsum("j,dje->de", self.units, influence.dose_per_unit)
        ratio = taken_up_ratio(dose, potency, most, half)
        place = (np.log(np.maximum(ratio, 1e-300)) - response.nodes_ln[0]) / NODE_STEP_LN
        inside = place > 0
        index = np.clip(place.astype(np.intp), 0, len(response.nodes_ln) - 2)
        upper = np.where(inside, place - index, 0.0)
        # d(upper)/du = d ln(E0)/du / step, and E0 = most p d / (p d + half): d ln E0 = (half / (p d + half)) dd / d
        per_dose = np.where(inside, half / (potency * dose + half) / np.maximum(dose, 1e-300) / NODE_STEP_LN, 0.0)
        return Uptake(index, upper, per_dose)

    @cached_property
    def lost(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Loss of active endings (draws, muscles, times), and its derivative (variables, draws, muscles, times)."""
        response, influence, uptake = self.response, self.response.influence, self.uptake
        draws, muscles, nodes = len(influence.draws), len(influence.elements.muscles), len(response.nodes_ln)
        share = influence.elements.share
        row = (np.arange(draws)[:, None] * muscles + influence.elements.muscle_of) * nodes + uptake.index
        weight = _gather(row, share * (1 - uptake.upper), share * uptake.upper, draws * muscles * nodes)
        lost = weight.reshape(draws, muscles, nodes) @ response.lost
        if self.directions is None:
            return lost, None
        toward = np.einsum("jv,dje->vde", self.directions, influence.dose_per_unit) * (uptake.per_dose * share)
        rise = np.stack([_gather(row, -part, part, draws * muscles * nodes) for part in toward])
        return lost, rise.reshape(-1, draws, muscles, nodes) @ response.lost

    @cached_property
    def force(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Force (draws, t, muscles) as a share of untreated, and its derivative (draws, t, muscles, variables)."""
        return self.with_bulk(*self.lost)

    def with_bulk(self, lost: np.ndarray, slope: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Force and its derivative from the loss (draws, muscles, times): active share times bulk."""
        response = self.response
        muscles, times = lost.shape[1:]
        atrophy, regrowth = (response.influence.nominal[f"muscle_{name}"] for name in ("atrophy_per_day", "regrowth_per_day"))
        floor = np.repeat(response.rows("muscle_bulk_floor"), muscles)

        def bulk(loss: np.ndarray) -> np.ndarray:
            columns = np.moveaxis(loss, -1, 0).reshape(times, -1)
            repeats = columns.shape[1] // len(floor)
            found = 1 - waste(response.times, 1 - columns, atrophy, regrowth, np.tile(floor, repeats))
            return np.moveaxis(found.reshape(-1, *loss.shape[:-1]), 0, -1)  # as the loss, on the days only

        whole = bulk(lost)
        active = 1 - lost[..., ::2]
        force = (active * whole).transpose(0, 2, 1)
        if slope is None:
            return force, None
        grown = np.imag(bulk(lost + 1j * TINY * slope)) / TINY
        by = active * grown - slope[..., ::2] * whole
        return force, by.transpose(1, 3, 2, 0)

    @cached_property
    def _pull(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Share of untreated tension (draws, t, muscles of the skin) and its derivative: 1 for muscles out of reach."""
        influence = self.response.influence
        force, slope = self.force
        places, inside = [], []
        for n, name in enumerate(influence.elements.muscles):
            if name in influence.person.skin.muscles:
                places.append(influence.person.skin.muscles.index(name))
                inside.append(n)
        share = np.ones((*force.shape[:2], len(influence.person.skin.muscles)))
        share[:, :, places] = force[:, :, inside]
        if slope is None:
            return share, None
        by = np.zeros((*share.shape, slope.shape[3]))
        by[:, :, places] = slope[:, :, inside]
        return share, by

    def _strain(self, area: str, expression: str) -> tuple[np.ndarray, np.ndarray | None]:
        skin = self.response.influence.person.skin
        share, by = self._pull
        full = self.response.untreated_newton[expression][:, None]
        newton = (full * share).reshape(-1, share.shape[2]).T
        if by is None:
            return mean_compression(skin, skin.areas[area], newton).reshape(share.shape[:2]), None
        mean, slope = compression_slope(skin, skin.areas[area], newton)
        per_share = slope.T.reshape(share.shape) * full
        return mean.reshape(share.shape[:2]), np.einsum("dtm,dtmv->dtv", per_share, by)

    def _fold(self, area: str, expression: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Folding (draws, t) of the graded lines and its derivative."""
        response = self.response
        strain, by = self._find(("skin", area, expression, "strain"))
        modulus = [(p["dermis_modulus_kpa"], soft_layer_kpa(area, p)) for p in response.influence.draws]
        threshold = np.array([threshold_strain(layer, base) for layer, base in modulus])[:, None]
        along, spread = response.rows("fold_strain_ratio")[:, None], response.rows("local_strain_sd_ln")[:, None]
        fold = fold_amplitude(along * strain, threshold, spread)
        if by is None:
            return fold, None
        per_strain = fold_slope(along * strain, threshold, spread) / np.maximum(strain, 1e-300)
        return fold, per_strain[:, :, None] * by

    def _lines(self, area: str, expression: str, quantity: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Depth of the lines in mm, or their expected grade: the law of ``stages.wrinkle.grade`` for all draws."""
        response, patient = self.response, self.response.influence.person.patient
        scale = wrinkle_scale(response.influence.nominal)
        baseline = patient.baseline[area]
        contraction = CONTRACTION[area]
        folds = {name: self._find(("fold", area, name)) for name in (contraction, "rest", expression)}
        contracted, by_contracted = folds[contraction]
        law = line_law(
            folds["rest"][0][:, 0], contracted[:, 0], scale.depth_mm(baseline.rest), scale.depth_mm(baseline.contraction)
        )
        first = np.where(law.first > 0, law.first, 1.0)[:, None]
        drive = np.where(law.first[:, None] > 0, contracted / first, 1.0)
        share, fast, slow = (response.rows(f"resting_line_{name}") for name in ("fast_share", "fast_days", "slow_days"))
        line = law.line_mm[:, None] * resting_line(response.days, drive.T, share, fast, slow).T
        fold, by_fold = folds[expression]
        seen = fold > law.unseen[:, None]
        depth = line + law.mm_per_fold[:, None] * np.where(seen, fold - law.unseen[:, None], 0.0)
        slope = None
        if by_fold is not None and by_contracted is not None:
            turn = (by_contracted / first[:, :, None]).transpose(1, 0, 2)
            turned = resting_line(response.days, turn, share[:, None], fast[:, None], slow[:, None], start=0.0)
            slope = law.line_mm[:, None, None] * turned.transpose(1, 0, 2)
            slope = slope + (law.mm_per_fold[:, None] * seen)[:, :, None] * by_fold
        if quantity == "depth_mm":
            return depth, slope
        own = baseline.rest if expression == "rest" else baseline.contraction
        grade = scale.grade(depth, own)
        return grade, None if slope is None else scale.grade_slope(depth, own)[:, :, None] * slope

    def _movement(self, expression: str) -> tuple[np.ndarray, np.ndarray | None]:
        skin = self.response.influence.person.skin
        share, by = self._pull
        full = self.response.untreated_newton[expression] - self.response.untreated_newton["rest"]
        value, whole, slope = 0.0, 0.0, 0.0
        for side in SIDES:
            at = skin.at_point(f"{MEASURED[expression]}_{side}")
            moved = np.einsum("dm,dtm,mk->dtk", full, share, at)
            size = np.linalg.norm(moved, axis=2)
            value, whole = value + size, whole + np.linalg.norm(full @ at, axis=1)[:, None]
            if by is not None:
                along = moved / np.maximum(size, 1e-300)[:, :, None]
                slope = slope + np.einsum("dtm,dtmv->dtv", np.einsum("dtk,mk->dtm", along, at) * full[:, None], by)
        percent = np.where(whole > 0, 100 / np.where(whole > 0, whole, 1.0), 0.0)
        return percent * value, None if by is None else percent[:, :, None] * slope

    def _brow(self, side: str, part: str) -> tuple[np.ndarray, np.ndarray | None]:
        share, by = self._pull
        rest = self.response.untreated_newton["rest"] * self.response.influence.person.skin.at_point(f"brow_{part}_{side}")[:, 1]
        height = np.einsum("dm,dtm->dt", rest, share - 1)
        return height, None if by is None else np.einsum("dm,dtmv->dtv", rest, by)


_UPTAKE = ("potency", "maximum_ratio", "half_dose_units_per_mm3")


def _gather(row: np.ndarray, lower: np.ndarray, upper: np.ndarray, size: int) -> np.ndarray:
    """Weights (size,) on nodes: ``lower`` at ``row`` and ``upper`` at the one after it."""
    return np.bincount(row.ravel(), lower.ravel(), size) + np.bincount(row.ravel() + 1, upper.ravel(), size)


def mean_reply(replies: Sequence[Chance]) -> Chance:
    """The chance over several people, each counting the same."""
    slopes = [reply.slope for reply in replies if reply.slope is not None]
    value = float(np.mean([reply.value for reply in replies]))
    return Chance(value, np.mean(slopes, axis=0) if slopes else None)

