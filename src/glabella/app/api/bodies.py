"""What is sent, with types, bounds and examples. Names, rules and ranges are the library's: it has the last word."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from glabella.app.note import LONGEST_TEXT, LONGEST_TITLE, MOST_HOURS, MOST_INJECTIONS, SCHEMA
from glabella.app.store import LONGEST_NAME
from glabella.evidence.patterns import site_areas
from glabella.evidence.products import load_products
from glabella.frown import FROWN_PATTERNS
from glabella.names import AREAS, PATTERN_AREAS
from glabella.plan import FARTHEST_MM, MOST_VIALS, TARGETS

MOST_DAYS, MOST_SAMPLES, MOST_DRAWS = 730, 200, 200
MOST_SEED = 2**53 - 1  # what every JSON reader keeps exactly
LONGEST_IMPORT = 64 * 1024
GLABELLAR = [
    {"site": "procerus", "units": 4, "target_muscle": "procerus"},
    {"site": "corrugator_medial_left", "units": 4, "target_muscle": "corrugator_supercilii_left"},
    {"site": "corrugator_medial_right", "units": 4, "target_muscle": "corrugator_supercilii_right"},
    {"site": "corrugator_lateral_left", "units": 4, "target_muscle": "corrugator_supercilii_left"},
    {"site": "corrugator_lateral_right", "units": 4, "target_muscle": "corrugator_supercilii_right"},
]
PLAN = {"product": "onabotulinumtoxinA", "purpose": "person", "session": [{"day": 0, "injection": GLABELLAR}]}
PATIENT = {"age_years": 45, "sex": "female", "baseline": {"glabellar": {"rest": 1, "contraction": 3}}}
NOTE = {"title": "Frown lines, first visit", "product": "onabotulinumtoxinA", "patient": PATIENT, "injection": GLABELLAR}


def _example(value: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


def _names(values: Any) -> Any:
    """Text that is one of these names; the library says which is meant by a misspelling."""
    return Field(max_length=100, json_schema_extra={"enum": list(values)})


def _date(value: Any) -> Any:
    """A date as JSON has it; pydantic alone would take a number for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("must be text such as 2026-11-23")
    return datetime.date.fromisoformat(value)


Product = Annotated[str, _names(load_products())]
Site = Annotated[str, _names(site_areas())]
Area = Annotated[str, _names(AREAS)]
PatternArea = Annotated[str, _names(dict.fromkeys((*PATTERN_AREAS, *AREAS)))]
Purpose = Literal["person", "study"]
Date = Annotated[datetime.date, BeforeValidator(_date), Field(description="ISO date", examples=["2026-11-23"])]
Units = Annotated[float, Field(gt=0, le=10_000, description="Units of the product that is named; never converted.")]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS, description="Days to simulate.")]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED, description="The same seed gives the same numbers.")]


class Body(BaseModel):
    """What is sent: unknown keys, text for numbers and numbers that are none are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def tables(self) -> dict[str, Any]:
        """What was given, as the tables of a TOML file would have it."""
        return self.model_dump(exclude_unset=True, exclude_none=True, by_alias=True)


class Dilution(Body):
    """One vial and the saline it is mixed with."""

    vial_units: Annotated[float, Field(gt=0, le=10_000)]
    diluent_ml: Annotated[float, Field(gt=0, le=1000)]


class Injection(Body):
    """One needle: depth_mm or target_muscle, one of the two."""

    site: Site
    units: Units
    depth_mm: Annotated[float, Field(gt=0, le=100)] | None = None
    target_muscle: Annotated[str, _names(TARGETS)] | None = None
    lateral_mm: Annotated[float, Field(ge=-FARTHEST_MM, le=FARTHEST_MM, description="Away from the midline, along the skin.")] = 0.0
    up_mm: Annotated[float, Field(ge=-FARTHEST_MM, le=FARTHEST_MM)] = 0.0


class PlanInjection(Injection):
    """One needle of a plan file: product and volume_ml may be repeated there, and must fit."""

    product: Product | None = None
    volume_ml: Annotated[float, Field(gt=0, le=100)] | None = None


class Session(Body):
    """The injections of one day."""

    day: Annotated[float, Field(ge=0, le=MOST_DAYS)]
    product: Product | None = None
    pattern: PatternArea | Annotated[list[PatternArea], Field(max_length=8)] | None = None
    injection: Annotated[list[PlanInjection], Field(max_length=MOST_INJECTIONS)] = []


class Plan(Body):
    """A plan as its TOML file has it: examples/ of the package shows them."""

    model_config = _example(PLAN)
    product: Product
    purpose: Purpose = "person"
    dilution: Dilution | None = None
    vials: Annotated[int, Field(ge=1, le=MOST_VIALS)] = 1
    lot: Annotated[str, Field(max_length=LONGEST_TITLE)] | None = None
    expiry: Date | None = None
    hours_since_mixing: Annotated[float, Field(ge=0, le=MOST_HOURS)] | None = None
    note: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None
    session: Annotated[list[Session], Field(min_length=1, max_length=12)]

    def tables(self) -> dict[str, Any]:
        """The purpose stands in every plan file."""
        return {"purpose": self.purpose} | super().tables()


class Grades(Body):
    """Facial Wrinkle Scale, 0 none to 3 severe."""

    rest: Annotated[float, Field(ge=0, le=3)]
    contraction: Annotated[float, Field(ge=0, le=3)]


class EarlierToxin(Body):
    """A treatment before this one."""

    product: Annotated[str, _names((*load_products(), "other"))]
    units: Units
    days_ago: Annotated[float, Field(ge=0, le=36_500)] | None = None
    date: Annotated[Date | None, Field(description="In place of days_ago, with day_zero of the person.")] = None
    area: Area | None = None


class Patient(Body):
    """A person; what is left out is usual for a woman of 40."""

    model_config = _example(PATIENT)
    age_years: Annotated[float, Field(ge=18, le=120)] = 40.0
    sex: Literal["female", "male"] = "female"
    interpupillary_distance_mm: Annotated[float, Field(gt=0, le=100)] | None = None
    frontalis_upper_margin_mm: Annotated[float, Field(gt=0, le=200)] | None = None
    frown_pattern: Annotated[str, _names(FROWN_PATTERNS)] = "U"
    baseline: dict[PatternArea, Grades] = Field(default={}, max_length=8)
    conditions: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=40)] = []
    medicines: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=40)] = []
    earlier_toxin: Annotated[list[EarlierToxin], Field(max_length=20)] = []
    day_zero: Date | None = None
    muscle_strength: Annotated[
        dict[str, Annotated[float, Field(gt=0, le=10)]],
        Field(max_length=len(TARGETS), description="Pull of a muscle as a share of the usual one, by its name."),
    ] = {}


class CheckAsked(Body):
    """A plan, and the person it is for."""

    model_config = _example({"plan": PLAN, "patient": PATIENT})
    plan: Plan
    patient: Patient = Field(default_factory=Patient)
    on: Annotated[Date | None, Field(description="Date of day 0, against which the vial's expiry is held.")] = None


class SimulateAsked(Body):
    """A plan and a person, how long, how many draws behind the bands (0: the nominal course alone)."""

    model_config = _example({"plan": PLAN, "patient": PATIENT, "days": 60, "samples": 0, "seed": 0})
    plan: Plan
    patient: Patient = Field(default_factory=Patient)
    days: Days = 180
    samples: Annotated[int, Field(ge=0, le=MOST_SAMPLES)] = 24
    seed: Seed = 0


class PlanAsked(Body):
    """A goal as its TOML file has it, a person, a plan whose needles may be used."""

    model_config = _example(
        {
            "goal": {"area": "glabellar", "goal": {"grade_at_most": 1, "on_day": 30, "with_probability": 0.5}},
            "patient": {"baseline": {"glabellar": {"rest": 1, "contraction": 2}}},
            "draws": 4,
            "samples": 4,
        }
    )
    goal: Annotated[
        dict[str, JsonValue],
        Field(
            max_length=10,
            description="Keys: preset, product, purpose, area, goal, keep, limits, needles, objective; see examples/frown_goal.toml.",
        ),
    ]
    patient: Patient = Field(default_factory=Patient)
    start: Plan | None = None
    draws: Annotated[int, Field(ge=1, le=MOST_DRAWS)] = 64
    samples: Annotated[int, Field(ge=1, le=MOST_SAMPLES)] = 200
    seed: Seed = 0


class RiskMapAsked(Body):
    """One injection that could go in anywhere."""

    model_config = _example({"effect": "eyelid_ptosis", "units": 4, "depth_mm": 5, "product": "onabotulinumtoxinA"})
    effect: Annotated[str, _names(("eyelid_ptosis", "dry_eye", "asymmetric_smile"))]
    units: Units
    depth_mm: Annotated[float, Field(gt=0, le=100)]
    product: Product = "onabotulinumtoxinA"
    diluent_ml: Annotated[float, Field(gt=0, le=1000)] | None = None
    patient: Patient = Field(default_factory=Patient)
    draws: Annotated[int, Field(ge=0, le=64, description="Draws of the parameters behind the band; 0: none.")] = 0


class Note(Body):
    """One treatment as it is being written; it may be unfinished."""

    model_config = _example(NOTE)
    schema_: Annotated[str, Field(alias="schema", json_schema_extra={"enum": [SCHEMA]})] = SCHEMA
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = "Untitled plan"
    patient: Patient = Field(default_factory=Patient)
    product: Product = "onabotulinumtoxinA"
    dilution: Dilution | None = None
    vials: Annotated[int, Field(ge=1, le=MOST_VIALS)] = 1
    purpose: Purpose = "person"
    lot: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""
    expiry: Date | None = None
    hours_since_mixing: Annotated[float, Field(ge=0, le=MOST_HOURS)] | None = None
    treatment_date: Date | None = None
    rationale: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    injection: Annotated[list[Injection], Field(max_length=MOST_INJECTIONS)] = []


class NoteSaved(Body):
    """A note to save over another, and the version that was changed: 409 if somebody saved in between; without one, on top of any."""

    model_config = _example({"note": NOTE, "expected_version": 1})
    note: Note
    expected_version: Annotated[int, Field(ge=1, le=MOST_SEED)] | None = None


class NoteText(Body):
    """A note or a plan file as text."""

    model_config = _example({"format": "toml", "text": 'title = "From a file"\nproduct = "onabotulinumtoxinA"\n'})
    format: Literal["toml", "json"] = "toml"
    text: Annotated[str, Field(max_length=LONGEST_IMPORT)]


class OwnPattern(Body):
    """A named set of injections; one of the same product and name is replaced."""

    model_config = _example({"product": "onabotulinumtoxinA", "name": "Soft frown", "injection": GLABELLAR})
    product: Product
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    injection: Annotated[list[Injection], Field(min_length=1, max_length=MOST_INJECTIONS)]
