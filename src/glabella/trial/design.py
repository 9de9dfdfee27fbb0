"""What a trial does: its arms, whom it enrols, when it sees them and how it counts. Frozen, checked, read from TOML."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glabella.errors import InputError
from glabella.evidence.label_rules import find_rules
from glabella.evidence.patterns import find_pattern, site_areas
from glabella.evidence.products import find_product
from glabella.evidence.published import DEFAULT, MISSING, SCREENINGS, trial_record
from glabella.evidence.study_maxima import load_study_maxima
from glabella.names import PATTERN_AREAS
from glabella.plan import Plan
from glabella.population.arms import arm_plan, mix_of
from glabella.population.endpoints import ENDPOINTS
from glabella.population.people import Mix
from glabella.reading import Fields, check_choice, check_number, read_toml

VISIT_DAYS = (7.0, 30.0, 60.0, 90.0, 120.0, 180.0)
PATIENTS, MOST_PATIENTS = 10_000, 100_000_000
LAST_DAY = 3653.0
FEWEST_DRAWS, MOST_DRAWS = 2, 10_000  # one draw tells nothing of a spread; the posterior has its own number
MOST_SESSIONS = 10  # landing places of so many sessions lie in one random number
LEAST_SEVERE, MOST_SEVERE = 0.05, 0.99  # a noisy rater finds no trial of one grade alone
OLDEST_YEARS = 120.0
MOST_ALPHA, MOST_POWER, MOST_MARGIN_PERCENT, LEAST_PER_ARM = 0.5, 0.9999, 99.0, 2
PLACEBO = "placebo"
FIRST_ENDPOINT = next(iter(ENDPOINTS))
ROUNDING = 1e-9

TRIAL_KEYS = (
    "name", "like", "patients", "seed", "visit_days", "endpoint", "rater", "missing", "visit_missed_share", "dropout_per_day", "baseline",
    "arm", "power", "draws",
)  # fmt: skip
ARM_KEYS = ("name", "product", "indication", "dose_units", "session_days", "plan", "patients")
BASELINE_KEYS = ("severe_share", "female_share", "age_years", "mean_age_years", "sd_age_years", "screening")
POWER_KEYS = ("kind", "endpoint", "rater", "day", "arm", "against", "margin_percent", "alpha", "power", "patients")
SUPERIORITY, NON_INFERIORITY = KINDS = ("superiority", "non_inferiority")


@dataclass(frozen=True)
class Arm:
    """One arm: ``dose_units`` of ``product`` on each of ``session_days``, 0 for placebo; the lines of ``indication`` are rated.

    ``plan``: needles of its own instead of the licensed pattern; its sessions then say the days and the dose. ``patients`` None: as
    many as the trial says.
    """

    name: str
    product: str
    indication: str
    dose_units: float
    session_days: tuple[float, ...] = (0.0,)
    plan: Plan | None = None
    patients: int | None = None

    def __post_init__(self) -> None:
        where = f"arm '{self.name}'"
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"arm: name = {self.name!r}: must be text that is not empty")
        object.__setattr__(self, "product", find_product(self.product, where).name)
        check_choice(self.indication, f"{where}: indication", PATTERN_AREAS)
        if self.plan is not None:
            object.__setattr__(self, "session_days", tuple(session.day for session in self.plan.sessions))
            object.__setattr__(self, "dose_units", self.plan.sessions[0].units)
            _check_plan(self.plan, self.product, self.indication, where)
        object.__setattr__(self, "dose_units", check_number(self.dose_units, f"{where}: dose_units", "U", at_least=0))
        object.__setattr__(self, "session_days", rising_days(self.session_days, f"{where}: session_days"))
        if len(self.session_days) > MOST_SESSIONS:
            raise InputError(f"{where}: {len(self.session_days)} sessions; allowed: at most {MOST_SESSIONS}; leave some out")
        if self.patients is not None:
            object.__setattr__(self, "patients", check_patients(self.patients, f"{where}: patients"))
        if self.plan is None:
            find_pattern(self.product, self.indication)
        if self.treated and self.plan is None:
            most = highest_dose(self.product, self.indication)
            wider = arm_plan(self.product, self.indication, self.dose_units).units
            if self.dose_units > most + ROUNDING and abs(wider - self.dose_units) > ROUNDING:
                raise InputError(
                    f"{where}: dose_units = {self.dose_units:g}: above the highest dose of {self.product} for {self.indication} in a "
                    f"published trial; allowed: above 0 to {most:g} U; lower the dose"
                )

    @property
    def treated(self) -> bool:
        """Whether the arm gets toxin."""
        return self.dose_units > 0

    @property
    def placebo(self) -> "Arm":
        """The same needles without toxin."""
        return Arm(PLACEBO, self.product, self.indication, 0.0, self.session_days, None, self.patients)

    @classmethod
    def label(cls, product: str, indication: str = "glabellar", dose_units: float | None = None) -> "Arm":
        """The licensed pattern at its labelled dose, or scaled to another."""
        check_choice(indication, "indication", PATTERN_AREAS)
        if dose_units is None:
            dose_units = Plan.label(product, indication, purpose="study").units
        elif check_number(dose_units, "dose", "U", above=0):
            dose_units = float(dose_units)
        name = find_product(product).name
        return cls(f"{name} {dose_units:g} U", name, indication, dose_units)


@dataclass(frozen=True)
class Power:
    """What is asked of a trial's size: the difference of one endpoint between ``arm`` and ``against`` (the first treated arm and the
    first without toxin unless named).

    ``kind`` None: non-inferiority by ``margin_percent`` percentage points if there is a margin, else superiority. ``alpha`` None: 0.05
    two-sided for superiority, 0.025 one-sided for non-inferiority. ``patients`` per arm, if given: which power they have; else how many
    reach ``power``.
    """

    endpoint: str
    rater: str
    day: float
    arm: str | None = None
    against: str | None = None
    margin_percent: float | None = None
    alpha: float | None = None
    power: float = 0.9
    kind: str | None = None
    patients: int | None = None


@dataclass(frozen=True)
class Trial:
    """Arms side by side, the same virtual people in each.

    ``patients`` per arm; ``visit_days`` from the first session on; ``mix``: whom it enrols; ``missing``: a visit not made counts as
    non_response, or is excluded. ``visit_missed_share`` and ``dropout_per_day`` None: those of population.csv. ``endpoint`` and
    ``rater`` (the endpoint's first unless named) are the ones that duration and figures are about; every other is computed as well.
    ``draws`` of the posterior behind the bands, and behind the assurance of ``power``: 0 for bands of the counting alone, None for the
    usual number of each. A placebo arm is always there.
    """

    name: str
    arms: tuple[Arm, ...]
    patients: int = PATIENTS
    visit_days: tuple[float, ...] = VISIT_DAYS
    mix: Mix = field(default_factory=Mix)
    seed: int = 0
    missing: str = MISSING[0]
    visit_missed_share: float | None = None
    dropout_per_day: float | None = None
    endpoint: str = FIRST_ENDPOINT
    rater: str = ""
    power: Power | None = None
    draws: int | None = None

    def __post_init__(self) -> None:
        arms = tuple(self.arms)
        if not arms:
            raise InputError("trial: no arm; add [[arm]] with product, indication and dose_units")
        if all(arm.treated for arm in arms):
            arms = (*arms, arms[0].placebo)
        names = [arm.name for arm in arms]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"trial: two arms are called '{twice}'; give each arm its own name")
        object.__setattr__(self, "arms", arms)
        object.__setattr__(self, "patients", check_patients(self.patients, "trial: patients"))
        object.__setattr__(self, "visit_days", rising_days(self.visit_days, "trial: visit_days"))
        object.__setattr__(self, "seed", check_whole(self.seed, "trial: seed", 0, 2**63 - 1))
        object.__setattr__(self, "draws", check_draws(self.draws, "trial: draws"))
        check_choice(self.missing, "trial: missing", MISSING)
        check_choice(self.endpoint, "trial: endpoint", ENDPOINTS)
        object.__setattr__(self, "rater", self.rater or ENDPOINTS[self.endpoint][0])
        check_endpoint(self.endpoint, self.rater, "trial")
        for name in ("visit_missed_share", "dropout_per_day"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_number(getattr(self, name), f"trial: {name}", at_least=0, at_most=1))
        check_mix(self.mix)
        late = next((arm for arm in arms if arm.session_days[-1] >= max(self.visit_days[-1], 1)), None)
        if late is not None:
            raise InputError(
                f"arm '{late.name}': the session on day {late.session_days[-1]:g} is not before the last visit on day "
                f"{self.visit_days[-1]:g}; add later visits or leave the session out"
            )
        if self.power is not None:
            _check_power(self.power, self)

    def arm(self, name: str) -> Arm:
        """The arm of this name."""
        check_choice(name, "arm", [arm.name for arm in self.arms])
        return next(arm for arm in self.arms if arm.name == name)

    def patients_of(self, arm: Arm) -> int:
        """How many people an arm has."""
        return self.patients if arm.patients is None else arm.patients

    @classmethod
    def read(cls, path: str | Path) -> "Trial":
        """The trial of a TOML file; files it names are found beside it."""
        return cls.from_mapping(read_toml(path, "trial"), f"trial {path}", Path(path).parent)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "trial", folder: Path = Path()) -> "Trial":
        """The trial of nested tables as a TOML file has them; unknown keys are errors that name the nearest."""
        fields = Fields(data, where, TRIAL_KEYS)
        record = trial_record(fields.text("like", DEFAULT))
        try:
            arms = tuple(
                _read_arm(table, f"{where}, arm {number}", folder) for number, table in enumerate(fields.tables("arm", ()), start=1)
            )
            endpoint = fields.choice("endpoint", ENDPOINTS, FIRST_ENDPOINT)
            mix = _read_mix(fields.get("baseline", {}), mix_of(record), f"{where}, baseline")
            trial = cls(
                fields.text("name", Path(where.removeprefix("trial ")).stem), arms, fields.integer("patients", PATIENTS),
                fields.get("visit_days", record.visit_days), mix, fields.integer("seed", 0),
                fields.choice("missing", MISSING, record.missing), fields.number("visit_missed_share", None, None),
                fields.number("dropout_per_day", None, None), endpoint, fields.choice("rater", ENDPOINTS[endpoint], ""),
                draws=fields.integer("draws", None),
            )  # fmt: skip
            if "power" in data:
                trial = replace(trial, power=_read_power(fields.get("power"), trial, f"{where}, power"))
        except InputError as error:
            raise InputError(str(error).replace("trial:", f"{where}:", 1)) from None
        return trial


def highest_dose(product: str, indication: str) -> float:
    """Highest total to which the product's pattern for the indication can be scaled within the evidence rows of each of its areas."""
    plan = Plan.label(product, indication, purpose="study")
    given: dict[str, float] = {}
    for injection in plan.sessions[0].injections:
        area = site_areas()[injection.site]
        given[area] = given.get(area, 0.0) + injection.units
    maxima = load_study_maxima()
    most = min(maxima[plan.product, area].units / units if (plan.product, area) in maxima else 1.0 for area, units in given.items())
    return max(plan.units * most, plan.units)


def check_mix(mix: Mix) -> None:
    """Shares within 0 and 1, ages of adults in order."""
    check_number(mix.female_share, "female", at_least=0, at_most=1)
    check_number(mix.severe_share, "severe", at_least=LEAST_SEVERE, at_most=MOST_SEVERE)
    adult = max(rule.limit for rule in find_rules("age_at_least_years"))
    for name in ("least_age_years", "most_age_years"):
        check_number(getattr(mix, name), f"age: {name}", "years", at_least=adult, at_most=OLDEST_YEARS)
    check_number(mix.mean_age_years, "age: mean_age_years", "years", at_least=0, at_most=OLDEST_YEARS)
    check_number(mix.sd_age_years, "age: sd_age_years", "years", above=0)
    if mix.least_age_years >= mix.most_age_years:
        raise InputError(f"age {mix.least_age_years:g} to {mix.most_age_years:g}: the first must be lower; give a range such as 30-65")
    check_choice(mix.screening, "screening", SCREENINGS)


def check_endpoint(endpoint: str, rater: str | None, where: str) -> None:
    """An endpoint that is computed, and one of its raters."""
    check_choice(endpoint, f"{where}: endpoint", ENDPOINTS)
    if rater is not None:
        check_choice(rater, f"{where}: rater", ENDPOINTS[endpoint])


def check_patients(value: Any, where: str) -> int:
    """A whole number above 0."""
    return check_whole(value, where, 1, MOST_PATIENTS)


def check_draws(value: Any, where: str) -> int | None:
    """A number of draws of the posterior: none at all, or enough to tell a spread; None stays None."""
    if value is None:
        return None
    draws = check_whole(value, where, 0, MOST_DRAWS)
    if 0 < draws < FEWEST_DRAWS:
        raise InputError(f"{where} = {draws}: one draw tells no spread; give 0 for none, or at least {FEWEST_DRAWS}")
    return draws


def check_whole(value: Any, where: str, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``."""
    number = check_number(value, where, at_least=least, at_most=most)
    if number != int(number):
        raise InputError(f"{where} = {value}: must be a whole number")
    return int(value)


def rising_days(value: Any, where: str) -> tuple[float, ...]:
    """Days from 0 on, each later than the one before."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise InputError(f"{where} = {value!r}: must be a list of days such as [7, 30, 60]")
    days = tuple(check_number(day, where, "days", at_least=0, at_most=LAST_DAY) for day in value)
    if list(days) != sorted(set(days)):
        raise InputError(f"{where} = {', '.join(f'{day:g}' for day in days)}: each day must be later than the one before")
    return days


def _check_plan(plan: Plan, product: str, indication: str, where: str) -> None:
    """A plan that an arm can take: its product, its indication, the same needles in every session, in proportion to the first."""
    if plan.product != product:
        raise InputError(f"{where}: its plan is of {plan.product}, not {product}; name one product per arm")
    if indication not in plan.areas:
        raise InputError(f"{where}: its plan treats {', '.join(plan.areas)}, not {indication}; name the indication that is rated")
    places = [[replace(injection, units=1.0) for injection in session.injections] for session in plan.sessions]
    if any(other != places[0] for other in places):
        raise InputError(f"{where}: the sessions of its plan have different needles; use the same places in each, or one session")


def _read_arm(table: Mapping[str, Any], where: str, folder: Path) -> Arm:
    fields = Fields(table, where, ARM_KEYS)
    patients = fields.integer("patients", None)
    if "plan" in table:
        for key in ("dose_units", "session_days"):
            if key in table:
                raise InputError(f"{where}: {key} beside plan; the plan says it, leave {key} out")
        plan = Plan.read(folder / fields.text("plan"))
        product = fields.text("product", plan.product)
        indication = fields.choice("indication", PATTERN_AREAS, plan.areas[0])
        return Arm(fields.text("name", f"{product} {plan.sessions[0].units:g} U"), product, indication, 0.0, plan=plan, patients=patients)
    product = find_product(fields.text("product"), where).name
    indication = fields.choice("indication", PATTERN_AREAS, PATTERN_AREAS[0])
    dose = fields.number("dose_units", "U", None, at_least=0)
    if dose is None:
        dose = Plan.label(product, indication, purpose="study").units
    name = fields.text("name", f"{product} {dose:g} U" if dose else PLACEBO)
    return Arm(name, product, indication, dose, fields.get("session_days", (0.0,)), patients=patients)


def _read_mix(table: Any, mix: Mix, where: str) -> Mix:
    fields = Fields(table, where, BASELINE_KEYS)
    ages = fields.get("age_years", (mix.least_age_years, mix.most_age_years))
    if isinstance(ages, str) or not isinstance(ages, Sequence) or len(ages) != 2:
        raise InputError(f"{where}: age_years = {ages!r}: must be the lowest and the highest age, such as [30, 65]")
    return Mix(
        fields.number("female_share", None, mix.female_share, at_least=0, at_most=1),
        fields.number("mean_age_years", "years", mix.mean_age_years, above=0),
        fields.number("sd_age_years", "years", mix.sd_age_years, above=0),
        check_number(ages[0], f"{where}: age_years", "years", above=0),
        check_number(ages[1], f"{where}: age_years", "years", above=0),
        fields.number("severe_share", None, mix.severe_share, at_least=LEAST_SEVERE, at_most=MOST_SEVERE),
        fields.choice("screening", SCREENINGS, mix.screening),
    )


def _read_power(table: Any, trial: Trial, where: str) -> Power:
    fields = Fields(table, where, POWER_KEYS)
    if "patients" in table and "power" in table:
        raise InputError(f"{where}: power beside patients; each follows from the other, leave one out")
    endpoint = fields.choice("endpoint", ENDPOINTS, trial.endpoint)
    rater = trial.rater if trial.rater in ENDPOINTS[endpoint] else ENDPOINTS[endpoint][0]
    return Power(
        endpoint, fields.text("rater", rater), fields.number("day", "days"), fields.text("arm", None), fields.text("against", None),
        fields.number("margin_percent", None, None), fields.number("alpha", None, None), fields.number("power", None, Power.power),
        fields.choice("kind", KINDS, None), fields.integer("patients", None),
    )  # fmt: skip


def _check_power(power: Power, trial: Trial) -> None:
    """A question that the trial can answer: an endpoint at one of its visits, two of its arms."""
    check_endpoint(power.endpoint, power.rater, "trial: power")
    if power.day not in trial.visit_days:
        days = ", ".join(f"{visit:g}" for visit in trial.visit_days)
        raise InputError(f"trial: power: day = {power.day:g}: no visit on that day; valid: {days}")
    names = [arm.name for arm in trial.arms]
    for key in ("arm", "against"):
        if getattr(power, key) is not None:
            check_choice(getattr(power, key), f"trial: power: {key}", names)
    if power.arm is not None and power.arm == power.against:
        raise InputError(f"trial: power: arm and against are both '{power.arm}'; name two arms")
    if power.kind is not None:
        check_choice(power.kind, "trial: power: kind", KINDS)
    if power.kind == NON_INFERIORITY and power.margin_percent is None:
        raise InputError("trial: power: margin_percent is missing; non-inferiority needs one, in percentage points, such as 15")
    if power.kind == SUPERIORITY and power.margin_percent is not None:
        raise InputError('trial: power: margin_percent beside kind = "superiority"; leave one of them out')
    if power.margin_percent is not None:
        check_number(power.margin_percent, "trial: power: margin_percent", above=0, at_most=MOST_MARGIN_PERCENT)
    if power.alpha is not None:
        check_number(power.alpha, "trial: power: alpha", above=0, at_most=MOST_ALPHA)
    check_number(power.power, "trial: power: power", above=0, at_most=MOST_POWER)
    if power.patients is not None:
        check_whole(power.patients, "trial: power: patients", LEAST_PER_ARM, MOST_PATIENTS)


def parse_days(text: str, where: str) -> tuple[float, ...]:
    """Days such as '7,30,60'."""
    return rising_days([check_number(cell, where, "days") for cell in text.split(",")], where)


def parse_ages(text: str, where: str) -> tuple[float, float]:
    """Ages such as '30-65'."""
    match = re.fullmatch(r"\s*([\d.]+)\s*-\s*([\d.]+)\s*", text)
    if not match:
        raise InputError(f"{where} {text}: must be the lowest and the highest age, such as 30-65")
    return check_number(match[1], where, "years"), check_number(match[2], where, "years")


__all__ = ["Arm", "Power", "Trial", "check_endpoint", "highest_dose", "parse_ages", "parse_days"]
