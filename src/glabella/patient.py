"""The person: age, sex, size, lines before treatment, and what the labels ask about. Frozen, checked, read from TOML."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.label_rules import find_rules, named_values
from glabella.evidence.products import load_products
from glabella.face import Face
from glabella.frown import FROWN_PATTERNS, frown_weights
from glabella.names import AREAS, MUSCLES, PATTERN_AREAS, SEXES, SIDES, without_side
from glabella.reading import Fields, check_choice, check_date, check_number, read_toml

KEYS = (
    "age_years", "sex", "interpupillary_distance_mm", "frontalis_upper_margin_mm", "frown_pattern", "baseline", "conditions",
    "medicines", "earlier_toxin", "day_zero", "muscle_strength",
)  # fmt: skip
TOXIN_KEYS = ("product", "units", "days_ago", "date", "area")
OTHER_PRODUCT = "other"


@dataclass(frozen=True)
class Grades:
    """Facial Wrinkle Scale of one area before treatment, 0 none to 3 severe, ``rest`` and at maximum ``contraction``."""

    rest: float
    contraction: float

    def __post_init__(self) -> None:
        for name in ("rest", "contraction"):
            value = check_number(getattr(self, name), f"patient: grade at {name}", at_least=0, at_most=3)
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class EarlierToxin:
    """A treatment before this one: ``product`` (or 'other'), ``units`` of it, ``days_ago`` counted back from day 0."""

    product: str
    units: float
    days_ago: float
    area: str | None = None

    def __post_init__(self) -> None:
        where = "patient: earlier_toxin"
        check_choice(self.product, f"{where}: product", (*load_products(), OTHER_PRODUCT))
        object.__setattr__(self, "units", check_number(self.units, f"{where}: units", "U", above=0))
        object.__setattr__(self, "days_ago", check_number(self.days_ago, f"{where}: days_ago", "days", at_least=0))
        if self.area is not None:
            check_choice(self.area, f"{where}: area", AREAS)


def usual_baseline() -> Mapping[str, Grades]:
    """A woman of about 40 with severe frown lines: what trials of glabellar lines mostly enrol."""
    lines = Grades(rest=1, contraction=2)
    return {area: Grades(rest=1, contraction=3) if area == "glabellar" else lines for area in AREAS}


@dataclass(frozen=True)
class Patient:
    """A person. ``baseline``: grades per area; areas that are not given take the usual ones.

    ``interpupillary_distance_mm`` None: the mean of the sex (`pupil_distance_mm`). ``frontalis_upper_margin_mm``: straight
    distance from the nasion up to the margin (about 1 cm above the topmost crease), None: a little below the hairline.
    ``conditions`` and ``medicines`` are names of rows in label_rules.csv. ``muscle_strength``: pull of a muscle as a share of the usual
    one, by its name; a name without side stands for both sides, and each side is kept by itself. It changes what the muscle
    does to the skin, not how much toxin it takes.
    """

    age_years: float = 40.0
    sex: str = "female"
    interpupillary_distance_mm: float | None = None
    frontalis_upper_margin_mm: float | None = None
    frown_pattern: str = "U"
    baseline: Mapping[str, Grades] = field(default_factory=usual_baseline, hash=False)
    conditions: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    earlier_toxin: tuple[EarlierToxin, ...] = ()
    muscle_strength: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        least = max(rule.limit for rule in find_rules("age_at_least_years"))
        age = check_number(self.age_years, "patient: age_years", "years", at_most=120)
        if age < least:
            raise InputError(f"patient: age_years = {age:g}: refused; botulinum toxin for lines is for adults, {least:g} years and over")
        object.__setattr__(self, "age_years", age)
        check_choice(self.sex, "patient: sex", SEXES)
        check_choice(self.frown_pattern, "patient: frown_pattern", FROWN_PATTERNS)
        if self.interpupillary_distance_mm is not None:
            row = load_parameters().rows[_pupil_row(self.sex)]
            distance = check_number(
                self.interpupillary_distance_mm, "patient: interpupillary_distance_mm", "mm", at_least=row.low, at_most=row.high
            )
            object.__setattr__(self, "interpupillary_distance_mm", distance)
        if self.frontalis_upper_margin_mm is not None:
            margin = check_number(self.frontalis_upper_margin_mm, "patient: frontalis_upper_margin_mm", "mm", above=0)
            object.__setattr__(self, "frontalis_upper_margin_mm", margin)
        grades = dict(usual_baseline())
        for area, given in self.baseline.items():
            grades[check_choice(area, "patient: baseline", AREAS)] = given
        object.__setattr__(self, "baseline", grades)
        for name, rule in (("conditions", "condition"), ("medicines", "medicine")):
            given = getattr(self, name)
            names = (given,) if isinstance(given, str) else tuple(given)
            for value in names:
                check_choice(value, f"patient: {name}", named_values(rule))
            object.__setattr__(self, name, tuple(dict.fromkeys(names)))
        object.__setattr__(self, "earlier_toxin", tuple(self.earlier_toxin))
        object.__setattr__(self, "muscle_strength", _strengths(self.muscle_strength))

    @property
    def frown_pattern_weights(self) -> Mapping[str, float]:
        """Weight of each muscle's pull at maximum frown, by name without side."""
        return frown_weights(self.frown_pattern)

    def pupil_distance_mm(self, parameters: Parameters | None = None) -> float:
        """The person's own distance between the pupils, or the mean of the sex."""
        if self.interpupillary_distance_mm is not None:
            return self.interpupillary_distance_mm
        return (parameters or load_parameters())[_pupil_row(self.sex)]

    @property
    def shape_of_face(self) -> tuple[object, ...]:
        """What of a person decides the shape of the face and of what lies under it."""
        return self.sex, self.age_years, self.interpupillary_distance_mm, self.frontalis_upper_margin_mm

    def shape(self, face: Face, parameters: Parameters | None = None) -> Face:
        """``face`` with the person's sex, age and size."""
        return face.for_person(float(self.sex == "male"), self.age_years, self.pupil_distance_mm(parameters))

    @classmethod
    def read(cls, path: str | Path) -> "Patient":
        """The person of a TOML file."""
        return cls.from_mapping(read_toml(path, "patient"), where=f"patient {path}")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "patient") -> "Patient":
        """The person of nested tables as a TOML file has them; unknown keys are errors that name the nearest."""
        fields = Fields(data, where, KEYS)
        given: dict[str, Any] = {}
        for name, unit in (("age_years", "years"), ("interpupillary_distance_mm", "mm"), ("frontalis_upper_margin_mm", "mm")):
            if name in data:
                given[name] = fields.number(name, unit)
        for name in ("sex", "frown_pattern"):
            if name in data:
                given[name] = fields.text(name)
        for name in ("conditions", "medicines"):
            if name in data:
                given[name] = fields.names(name)
        if "baseline" in data:
            given["baseline"] = _read_baseline(fields.get("baseline"), f"{where}, baseline")
        if "muscle_strength" in data:
            given["muscle_strength"] = Fields(fields.get("muscle_strength"), f"{where}, muscle_strength", strength_names()).data
        day_zero = check_date(fields.get("day_zero", None), f"{where}: day_zero")
        given["earlier_toxin"] = tuple(
            _read_toxin(table, day_zero, f"{where}, earlier_toxin {number}")
            for number, table in enumerate(fields.tables("earlier_toxin", ()), start=1)
        )
        try:
            return cls(**given)
        except InputError as error:
            raise InputError(str(error).replace("patient:", f"{where}:", 1)) from None


def _pupil_row(sex: str) -> str:
    return f"interpupillary_distance_{sex}_mm"


def strength_names() -> tuple[str, ...]:
    """Muscles that ``muscle_strength`` may name: those that pull the skin, each side and both together."""
    rows = load_parameters().rows
    sided = [name for name in MUSCLES if f"{without_side(name)}_tension_newton" in rows]
    return tuple(dict.fromkeys((*sided, *(without_side(name) for name in sided))))


def _strengths(given: Mapping[str, float]) -> dict[str, float]:
    """Strength of each named muscle, every side by itself, in the order of ``MUSCLES``."""
    where = "patient: muscle_strength"
    low, high = (find_rules(f"muscle_strength_{bound}")[0].limit for bound in ("at_least", "at_most"))
    found: dict[str, float] = {}
    for name, value in given.items():
        check_choice(name, where, strength_names())
        share = check_number(value, f"{where}.{name}", at_least=low, at_most=high)
        for muscle in (name,) if name in MUSCLES else (f"{name}_{side}" for side in SIDES):
            if muscle in found:
                raise InputError(f"{where}: {muscle} is given twice, by itself and with its pair; give each muscle once")
            found[muscle] = share
    return {muscle: found[muscle] for muscle in MUSCLES if muscle in found}


def _read_baseline(tables: Any, where: str) -> dict[str, Grades]:
    names = tuple(dict.fromkeys((*PATTERN_AREAS, *AREAS)))
    found: dict[str, Grades] = {}
    fields = Fields(tables, where, names)
    for name in names:
        if name not in fields.data:
            continue
        grades = Fields(fields.get(name), f"{where}.{name}", ("rest", "contraction"))
        value = Grades(grades.number("rest", at_least=0, at_most=3), grades.number("contraction", at_least=0, at_most=3))
        for area in (name,) if name in AREAS else (f"{name}_left", f"{name}_right"):
            found[area] = value
    return found


def _read_toxin(table: Mapping[str, Any], day_zero: datetime.date | None, where: str) -> EarlierToxin:
    fields = Fields(table, where, TOXIN_KEYS)
    days_ago = fields.number("days_ago", "days", None, at_least=0)
    date = check_date(fields.get("date", None), f"{where}: date")
    if (days_ago is None) == (date is None):
        raise InputError(f"{where}: give either days_ago or date")
    if date is not None:
        if day_zero is None:
            raise InputError(f"{where}: a date needs day_zero, the date of day 0, at the top of the file; or give days_ago")
        days_ago = (day_zero - date).days
        if days_ago < 0:
            raise InputError(f"{where}: date = {date} lies after day_zero = {day_zero}; an earlier treatment comes before it")
    product = fields.choice("product", (*load_products(), OTHER_PRODUCT))
    return EarlierToxin(product, fields.number("units", "U", above=0), days_ago, fields.choice("area", AREAS, None))
