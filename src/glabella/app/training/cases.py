"""The case faces: fictional people with a task, each a little different with every seed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from glabella.errors import InputError, nearest
from glabella.evidence.label_rules import find_rules
from glabella.evidence.parameters import load_parameters, stream
from glabella.evidence.products import find_product
from glabella.names import AREAS, MUSCLES, PATTERN_AREAS, without_side
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.reading import Fields
from glabella.treatment import whole

KEYS = ("name", "title", "story", "product", "areas", "task", "learn", "goal", "vary", "patient", "change")
VARIED = ("age_years", "interpupillary_distance_mm", "muscle_strength")
STEPS = {"age_years": 1.0, "interpupillary_distance_mm": 0.5, "muscle_strength": 0.05}  # people are described in round numbers
TRAINED = ("procerus", "corrugator_supercilii", "depressor_supercilii", "frontalis")  # muscles whose strength a seed varies


@dataclass(frozen=True)
class Change:
    """How the reference departs from the licensed pattern at one site, and why."""

    site: str
    units: float | None
    lateral_mm: float
    up_mm: float
    why: str


@dataclass(frozen=True)
class Case:
    """A fictional person to treat: ``story``, ``task`` and what to ``learn`` in plain words.

    The goal: ``goal_area`` rated at most ``grade_at_most`` in its own contraction on ``on_day``. ``vary``: how far a seed takes age
    (years), pupil distance (mm) and strength of the muscles (share) from the stated person; ``seed`` None is that person.
    """

    name: str
    title: str
    story: str
    task: str
    learn: str
    product: str
    areas: tuple[str, ...]
    goal_area: str
    grade_at_most: float
    on_day: float
    patient: Patient
    vary: Mapping[str, float]
    changes: tuple[Change, ...] = ()
    seed: int | None = None

    @property
    def reference(self) -> Plan:
        """The placement to learn: the licensed pattern, with the case's changes."""
        plan = Plan.label(self.product, self.areas)
        for change in self.changes:
            plan = plan.move(change.site, lateral_mm=change.lateral_mm, up_mm=change.up_mm)
            plan = plan if change.units is None else plan.with_units(change.site, change.units)
        return plan

    def why(self, site: str) -> str | None:
        """Why the reference departs from the licensed pattern at a site, None where it does not."""
        return next((change.why for change in self.changes if change.site == site), None)


@cache
def load_cases() -> tuple[Case, ...]:
    """The six cases as they are stated."""
    text = resources.files("glabella.app.training").joinpath("cases.toml").read_text("utf-8")
    return read_cases(tomllib.loads(text))


def read_cases(data: Mapping[str, Any], where: str = "cases.toml") -> tuple[Case, ...]:
    """The cases of a document; InputError names what is wrong and where."""
    tables = Fields(data, where, ("case",)).tables("case")
    return tuple(_read_case(table, f"{where}, case {number}") for number, table in enumerate(tables, start=1))


def case_of(name: str, seed: int) -> Case:
    """A case with a person of its own: the same seed gives the same person. Errors: InputError for an unknown name or bad seed."""
    names = {case.name: case for case in load_cases()}
    if name not in names:
        raise InputError(f"training: case '{name}' is unknown; {nearest(name, names)}")
    case = names[name]
    seed = whole("seed", seed, 0, 2**53)
    return replace(case, seed=seed, patient=_another(case, seed))


def _another(case: Case, seed: int) -> Patient:
    """A person near the stated one, drawn evenly within ``vary`` and in round numbers."""
    person = case.patient
    row = load_parameters().rows[f"interpupillary_distance_{person.sex}_mm"]
    low, high = (find_rules(f"muscle_strength_{bound}")[0].limit for bound in ("at_least", "at_most"))
    strength = {}
    for muscle in MUSCLES:
        kind = without_side(muscle)
        if kind in TRAINED:  # one draw for both sides, so that a face is as uneven as its case says
            drawn = _near(person.muscle_strength.get(muscle, 1.0), case, "muscle_strength", seed, kind)
            strength[muscle] = min(max(drawn, low), high)
    return replace(
        person,
        age_years=_near(person.age_years, case, "age_years", seed),
        interpupillary_distance_mm=min(max(_near(person.pupil_distance_mm(), case, "interpupillary_distance_mm", seed), row.low), row.high),
        muscle_strength={**person.muscle_strength, **strength},
    )


def _near(value: float, case: Case, what: str, seed: int, *key: str) -> float:
    reach = case.vary[what]
    drawn = stream(seed, "training", case.name, what, *key).uniform(-reach, reach)
    step = STEPS[what]
    return round(round((value + drawn) / step) * step, 6)


def _read_case(table: Mapping[str, Any], where: str) -> Case:
    fields = Fields(table, where, KEYS)
    goal = Fields(fields.get("goal"), f"{where}, goal", ("area", "grade_at_most", "on_day"))
    vary = Fields(fields.get("vary"), f"{where}, vary", VARIED)
    changes = [
        Fields(entry, f"{where}, change {number}", ("site", "units", "lateral_mm", "up_mm", "why"))
        for number, entry in enumerate(fields.tables("change", ()), start=1)
    ]
    return Case(
        fields.text("name"), fields.text("title"), fields.text("story"), fields.text("task"), fields.text("learn"),
        find_product(fields.text("product"), where).name, tuple(_area(area, where) for area in fields.names("areas")),
        goal.choice("area", AREAS), goal.number("grade_at_most", at_least=0, at_most=3), goal.number("on_day", "days", above=0),
        Patient.from_mapping(fields.get("patient"), f"{where}, patient"),
        {name: vary.number(name, at_least=0) for name in VARIED},
        tuple(
            Change(
                change.text("site"), change.number("units", "U", None, above=0), change.number("lateral_mm", "mm", 0.0),
                change.number("up_mm", "mm", 0.0), change.text("why"),
            )
            for change in changes
        ),
    )  # fmt: skip


def _area(area: str, where: str) -> str:
    if area not in PATTERN_AREAS:
        raise InputError(f"{where}: area '{area}' is unknown; {nearest(area, PATTERN_AREAS)}")
    return area
