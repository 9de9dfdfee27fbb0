"""A planned dose: the plan, how well it keeps each condition on fresh samples, the licensed pattern beside it, and what less would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glabella.outcome import Outcome, plain
from glabella.plan import Plan
from glabella.planner.goal import Goal
from glabella.planner.simulated import Band

SCHEMA = "glabella-planned-1"
FRAME = "lowest simulated dose within the label: an exploration for research and education, not advice and not a directive"
STUDY_FRAME = "lowest simulated dose of a study, beyond the label up to published trials: an exploration, not for treating a person"


@dataclass(frozen=True)
class Condition:
    """One condition of the goal, in words, the chance it was asked for, and its chance on fresh samples of both plans.

    ``kind``: 'wish', what the dose is given for, or 'bound', what must not be lost.
    """

    says: str
    kind: str
    with_probability: float
    planned: Band
    licensed: Band

    @property
    def met(self) -> bool:
        """Whether the planned dose keeps it on the fresh samples."""
        return self.planned.value >= self.with_probability - 1e-9


@dataclass(frozen=True)
class OneStepLess:
    """What one step less at a site (both sides where they go together) would change: the chance of each condition, in points.

    ``low_points`` and ``high_points``: the 90 % interval over the planner's draws, the same draws with and without the step.
    """

    site: str
    units: float
    less_units: float
    change_points: tuple[float, ...]
    low_points: tuple[float, ...]
    high_points: tuple[float, ...]


@dataclass(frozen=True)
class TradeOff:
    """The best that so many units can do: least chance among the wishes, and the probability of each computed side effect."""

    units: float
    chance: float
    side_effects: Mapping[str, float]


@dataclass(frozen=True)
class PlannedDose:
    """The lowest simulated dose for a goal.

    ``outcomes`` and ``licensed_outcomes``: one per person, full simulations with the same fresh samples. ``conditions`` in the order of
    ``goal.objectives``. ``settings``: draws, samples, evaluations and scatter. ``notes``: what a reader must know.
    """

    goal: Goal
    plan: Plan
    licensed: Plan
    conditions: tuple[Condition, ...]
    outcomes: tuple[Outcome, ...]
    licensed_outcomes: tuple[Outcome, ...]
    one_step_less: tuple[OneStepLess, ...]
    trade_off: tuple[TradeOff, ...]
    settings: Mapping[str, Any]
    notes: tuple[str, ...]
    seed: int
    version: str

    @property
    def outcome(self) -> Outcome:
        """The simulation of the first (or only) person."""
        return self.outcomes[0]

    @property
    def units_by_muscle(self) -> Mapping[str, float]:
        """Units by the muscle that the needles aim at."""
        return units_by_muscle(self.plan)

    @property
    def watermark(self) -> str | None:
        """'study' where the goal's purpose is a study; it must stand on everything shown."""
        return self.outcome.watermark

    @property
    def frame(self) -> str:
        """What this is, and what it is not."""
        return STUDY_FRAME if self.watermark else FRAME

    def to_json(self) -> dict[str, Any]:
        """Everything numeric, as ``data/planned.schema.json`` documents."""
        return {
            "schema": SCHEMA,
            "frame": self.frame,
            "version": self.version,
            "watermark": self.watermark,
            "seed": self.seed,
            "settings": plain(self.settings),
            "goal": _goal_json(self.goal),
            "plan": _plan_json(self.plan),
            "licensed": _plan_json(self.licensed),
            "conditions": [plain(condition) | {"met": condition.met} for condition in self.conditions],
            "units_by_muscle": plain(self.units_by_muscle),
            "one_step_less": plain(self.one_step_less),
            "trade_off": plain(self.trade_off),
            "findings": plain(self.outcome.findings),
            "notes": list(self.notes),
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "licensed_outcomes": [outcome.to_json() for outcome in self.licensed_outcomes],
        }


def units_by_muscle(plan: Plan) -> dict[str, float]:
    """Units of the first session by the muscle that its needles aim at."""
    found: dict[str, float] = {}
    for injection in plan.sessions[0].injections:
        aimed = injection.target_muscle or f"depth {injection.depth_mm:g} mm at {injection.site}"
        found[aimed] = found.get(aimed, 0.0) + injection.units
    return found


def _goal_json(goal: Goal) -> dict[str, Any]:
    return {
        "areas": list(goal.areas),
        "product": goal.product,
        "purpose": goal.purpose,
        "needles": plain(goal.needles),
        "conditions": [{"says": o.says(), "with_probability": plain(o.with_probability)} for o in goal.objectives],
    }


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "product": plan.product,
        "purpose": plan.purpose,
        "units": plain(plan.units),
        "needles": plain(plan.sessions[0].injections),
    }
