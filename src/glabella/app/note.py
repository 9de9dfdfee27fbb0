"""What the app keeps: a person, the syringe, the needles and why. Unlike a plan it may be unfinished; it becomes one when it can."""

import datetime
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import tomlkit

from glabella.errors import InputError
from glabella.evidence.patterns import find_pattern, site_areas
from glabella.evidence.products import Dilution, find_product
from glabella.names import PURPOSES
from glabella.patient import Grades, Patient
from glabella.plan import AS_LABELLED, MOST_VIALS, Injection, Plan, Session, check_upper_face
from glabella.reading import Fields, check_choice, check_number

SCHEMA = "glabella-note-1"
KEYS = (
    "schema", "title", "patient", "product", "dilution", "vials", "purpose", "lot", "expiry", "hours_since_mixing", "treatment_date",
    "rationale", "injection",
)  # fmt: skip
INJECTION_KEYS = ("site", "units", "depth_mm", "target_muscle", "lateral_mm", "up_mm")
LONGEST_TITLE, LONGEST_TEXT = 120, 4000
MOST_INJECTIONS = 60
MOST_HOURS = 24.0 * 365  # a typing error beyond this; what the label allows is for its check to say
NEW_TITLE = "Untitled plan"


@dataclass(frozen=True)
class Note:
    """One treatment as it is being written.

    ``treatment_date`` is day 0; ``expiry`` and ``lot`` are the vial's; ``hours_since_mixing`` when it is injected; ``vials`` mixed.
    ``injections`` may be empty. Errors: InputError for a value outside its range.
    """

    title: str = NEW_TITLE
    patient: Patient = field(default_factory=Patient)
    product: str = "onabotulinumtoxinA"
    dilution: Dilution = AS_LABELLED
    vials: int = 1
    purpose: str = "person"
    lot: str = ""
    expiry: datetime.date | None = None
    hours_since_mixing: float | None = None
    treatment_date: datetime.date | None = None
    rationale: str = ""
    injections: tuple[Injection, ...] = ()

    def __post_init__(self) -> None:
        product = find_product(self.product, "note")
        check_choice(self.purpose, "note: purpose", PURPOSES)
        dilution = self.dilution or product.dilution
        if dilution.vial_units not in product.vials_units:
            sizes = " or ".join(f"{units:g}" for units in product.vials_units)
            raise InputError(f"note, dilution: {dilution.vial_units:g} U is no vial of {product.name}; its vials hold {sizes} U")
        object.__setattr__(self, "dilution", dilution)
        vials = check_number(self.vials, "note: vials", at_least=1, at_most=MOST_VIALS)
        if vials != int(vials):
            raise InputError(f"note: vials = {self.vials}: must be a whole number of at least 1")
        object.__setattr__(self, "vials", int(vials))
        for name, longest in (("title", LONGEST_TITLE), ("lot", LONGEST_TITLE), ("rationale", LONGEST_TEXT)):
            _check_text(getattr(self, name), f"note: {name}", longest)
        if self.hours_since_mixing is not None:
            hours = check_number(self.hours_since_mixing, "note: hours_since_mixing", at_least=0, at_most=MOST_HOURS)
            object.__setattr__(self, "hours_since_mixing", hours)
        object.__setattr__(self, "injections", tuple(self.injections))
        if len(self.injections) > MOST_INJECTIONS:
            raise InputError(f"note: {len(self.injections)} injections; allowed: at most {MOST_INJECTIONS}")
        check_upper_face((injection.site for injection in self.injections), "note")

    @property
    def units(self) -> float:
        """Units of all injections."""
        return math.fsum(injection.units for injection in self.injections)

    @property
    def units_left(self) -> float:
        """Units that stay in the vials; negative when they do not suffice."""
        return self.vials * self.dilution.vial_units - self.units

    def volume_ml(self, injection: Injection) -> float:
        """Volume of one injection."""
        return self.dilution.volume_ml(injection.units)

    def plan(self) -> Plan | None:
        """The plan, or None while there is no injection. Errors: InputError where the needles and vials do not make one."""
        if not self.injections:
            return None
        return Plan(
            self.product, (Session(0.0, self.injections),), self.purpose, self.dilution, self.vials, self.lot or None,
            self.rationale or None, expiry=self.expiry, hours_since_mixing=self.hours_since_mixing,
        )  # fmt: skip

    # --- changes --------------------------------------------------------------------------------------------------------------

    def with_plan(self, plan: Plan) -> "Note":
        """The note with the needles, syringe and purpose of a plan's first session.

        Lot, expiry, hours and rationale stay where the plan has none; of another product's vial they go.
        """
        same = plan.product == self.product
        before = self if same else replace(self, lot="", expiry=None, hours_since_mixing=None)
        return replace(
            before, product=plan.product, dilution=plan.dilution, vials=plan.vials, purpose=plan.purpose, lot=plan.lot or before.lot,
            rationale=plan.note or self.rationale, injections=plan.sessions[0].injections, expiry=plan.expiry or before.expiry,
            hours_since_mixing=before.hours_since_mixing if plan.hours_since_mixing is None else plan.hours_since_mixing,
        )  # fmt: skip

    def with_pattern(self, areas: tuple[str, ...]) -> "Note":
        """The licensed pattern of the product for these areas in place of the needles."""
        plan = Plan.label(self.product, areas, purpose=self.purpose)
        return replace(self, injections=plan.sessions[0].injections).with_enough_vials()

    def with_product(self, product: str) -> "Note":
        """Another product, with its own licensed units at the same sites. Units are never converted: a site for which the new
        product has no licensed dose is left out."""
        licensed: dict[str, Injection] = {}
        for area in dict.fromkeys(site_areas()[injection.site] for injection in self.injections):
            try:
                rows = find_pattern(product, area)
            except InputError:  # the product is not licensed for that area
                continue
            licensed |= {row.site: Injection(row.site, row.units, target_muscle=row.target_muscle) for row in rows}
        kept = tuple(
            replace(injection, units=licensed[injection.site].units) for injection in self.injections if injection.site in licensed
        )
        changed = replace(
            self, product=product, dilution=find_product(product).dilution, vials=1, lot="", expiry=None, hours_since_mixing=None,
            injections=kept,
        )  # fmt: skip
        return changed.with_enough_vials()

    def with_enough_vials(self) -> "Note":
        """As many vials as the units need."""
        return replace(self, vials=max(1, math.ceil(self.units / self.dilution.vial_units - 1e-9)))

    def mirrored(self, number: int) -> "Note":
        """The note with the mirror image of one injection added, in place of whatever is at that site already."""
        image = self.injections[number].mirrored()
        if image == self.injections[number]:
            return self
        kept = tuple(one for one in self.injections if one.site != image.site or one.site == self.injections[number].site)
        return replace(self, injections=(*kept, image))

    # --- documents ------------------------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """The note as JSON has it; ``from_document`` reads it back equal."""
        found: dict[str, Any] = {"schema": SCHEMA, "title": self.title, "purpose": self.purpose, "product": self.product}
        found["dilution"] = {"vial_units": self.dilution.vial_units, "diluent_ml": self.dilution.diluent_ml}
        found["vials"] = self.vials
        for name in ("lot", "rationale"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        for name in ("expiry", "treatment_date"):
            if getattr(self, name):
                found[name] = getattr(self, name).isoformat()
        if self.hours_since_mixing is not None:
            found["hours_since_mixing"] = self.hours_since_mixing
        found["patient"] = patient_document(self.patient)
        found["injection"] = [injection_document(injection) for injection in self.injections]
        return found

    @classmethod
    def from_document(cls, data: Mapping[str, Any], where: str = "note", onto: "Note | None" = None) -> "Note":
        """The note of a JSON or TOML document. A plan file, as the command line reads it, changes the needles and syringe of ``onto``.

        Errors: InputError with where and why.
        """
        if isinstance(data, Mapping) and "session" in data and "injection" not in data:
            return (onto or cls()).with_plan(_first_session(Plan.from_mapping(data, where), where))
        fields_ = Fields(data, where, KEYS)
        if fields_.text("schema", SCHEMA) != SCHEMA:
            raise InputError(f"{where}: schema = {data['schema']!r}: unknown; valid: {SCHEMA}")
        product = find_product(fields_.text("product", "onabotulinumtoxinA"), where).name
        dilution = find_product(product).dilution
        if "dilution" in data:
            mixed = Fields(fields_.get("dilution"), f"{where}, dilution", ("vial_units", "diluent_ml"))
            dilution = Dilution(mixed.number("vial_units", "U", above=0), mixed.number("diluent_ml", "mL", above=0))
        return cls(
            fields_.text("title", NEW_TITLE), Patient.from_mapping(fields_.get("patient", {}), f"{where}, patient"), product, dilution,
            fields_.integer("vials", 1, at_least=1, at_most=MOST_VIALS), fields_.choice("purpose", PURPOSES, "person"),
            fields_.text("lot", ""), read_date(fields_.get("expiry", None), f"{where}: expiry"),
            fields_.number("hours_since_mixing", None, None, at_least=0, at_most=MOST_HOURS),
            read_date(fields_.get("treatment_date", None), f"{where}: treatment_date"), fields_.text("rationale", ""),
            tuple(read_injection(entry, f"{where}, injection {n}") for n, entry in enumerate(fields_.tables("injection", ()), start=1)),
        )  # fmt: skip

    def to_toml(self) -> str:
        """The note as TOML with comments."""
        document = tomlkit.document()
        document.add(tomlkit.comment("glabella treatment note. Research and education, not a medical device."))
        document.add(tomlkit.comment(f"Units are units of {self.product}; they cannot be converted to those of another product."))
        for name, value in self.document().items():
            document.add(name, tomlkit.item(value))
        return tomlkit.dumps(document)

    @classmethod
    def from_toml(cls, text: str, where: str = "note") -> "Note":
        """The note of TOML text, or of a plan file's."""
        try:
            return cls.from_document(tomllib.loads(text), where)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{where}: not valid TOML: {str(error).splitlines()[0]}; correct that line") from None


def injection_document(injection: Injection) -> dict[str, Any]:
    """An injection as JSON and TOML have it."""
    found: dict[str, Any] = {"site": injection.site, "units": injection.units}
    for name in ("depth_mm", "target_muscle"):
        if getattr(injection, name) is not None:
            found[name] = getattr(injection, name)
    return found | {name: value for name in ("lateral_mm", "up_mm") if (value := getattr(injection, name))}


def read_injection(data: Mapping[str, Any], where: str) -> Injection:
    """An injection from its table."""
    found = Fields(data, where, INJECTION_KEYS)
    return Injection(
        found.text("site"), found.number("units", "U", above=0), found.number("depth_mm", "mm", None, above=0),
        found.text("target_muscle", None), found.number("lateral_mm", "mm", 0.0), found.number("up_mm", "mm", 0.0),
    )  # fmt: skip


def patient_document(patient: Patient) -> dict[str, Any]:
    """A person as ``Patient.from_mapping`` reads them: only what differs from the usual person."""
    usual, found = Patient(), {}
    for entry in fields(Patient):
        value = getattr(patient, entry.name)
        if value is None or value == getattr(usual, entry.name):
            continue
        if entry.name == "baseline":
            value = {area: {"rest": g.rest, "contraction": g.contraction} for area, g in value.items() if isinstance(g, Grades)}
        elif entry.name == "earlier_toxin":
            value = [
                {"product": t.product, "units": t.units, "days_ago": t.days_ago} | ({"area": t.area} if t.area else {}) for t in value
            ]
        found[entry.name] = list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
    return found


def read_date(value: Any, where: str) -> datetime.date | None:
    """A date, from a date or ISO text; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        if isinstance(value, str):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise InputError(f"{where} = {value!r}: must be a date such as 2026-11-23")


def _check_text(value: Any, where: str, longest: int) -> None:
    if not isinstance(value, str):
        raise InputError(f"{where} = {value!r}: must be text")
    if len(value) > longest:
        raise InputError(f"{where}: {len(value)} characters; allowed: at most {longest}; shorten it")
    bad = next((c for c in value if ord(c) < 32 and c not in "\n\t\r"), None)
    if bad is not None:
        raise InputError(f"{where}: holds the control character {ord(bad):#04x}; remove it")


def _first_session(plan: Plan, where: str) -> Plan:
    if len(plan.sessions) > 1:
        raise InputError(f"{where}: {len(plan.sessions)} sessions; the app holds one; split the file, or use the command line")
    return plan
