"""A treatment plan: which product, how diluted, on which days, where, how deep, how many units. Frozen, checked, kept as TOML.

Units belong to a product: a plan has one product, and nothing here adds or converts units of another.
"""

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glabella.errors import InputError, nearest
from glabella.evidence.patterns import find_pattern, licensed_muscle, site_areas
from glabella.evidence.products import NOT_INTERCHANGEABLE, Dilution, Product, find_product
from glabella.files import write_file
from glabella.names import LOWER_MUSCLES, LOWER_PAIRED_MUSCLES, MUSCLES, PAIRED_MUSCLES, PURPOSES, SIDES, mirrored, side_of, without_side
from glabella.reading import Fields, check_choice, check_date, check_number, read_toml

SESSION_KEYS = ("day", "product", "pattern", "study_pattern", "injection")
PLAN_KEYS = ("purpose", "product", "lot", "expiry", "hours_since_mixing", "note", "vials", "dilution", "session")
INJECTION_KEYS = ("site", "product", "units", "depth_mm", "target_muscle", "lateral_mm", "up_mm", "volume_ml")
TARGETS = (*MUSCLES, *PAIRED_MUSCLES)  # a paired muscle without side, for a site on the midline
LOWER_TARGETS = (*LOWER_MUSCLES, *LOWER_PAIRED_MUSCLES)
VOLUME_TOLERANCE = 0.05  # a volume written beside the units is rounded
FARTHEST_MM = 150.0  # an offset beyond this leaves any face
LEAST_ML, MOST_ML = 1e-6, 5.0  # what one injection can hold: no syringe doses less, no site takes more
MOST_VIALS = 1000
MOST_HOURS = 24.0 * 365  # beyond it a typing error; what the label allows is for its check to say
AS_LABELLED: Any = None  # the product's default labelled dilution


@dataclass(frozen=True)
class Injection:
    """Units at a named site, or ``lateral_mm`` (away from the midline; at a midline site to the person's left) and ``up_mm`` from it.

    The tip lies ``depth_mm`` below the skin, or in the middle of ``target_muscle``: give one of the two.
    """

    site: str
    units: float
    depth_mm: float | None = None
    target_muscle: str | None = None
    lateral_mm: float = 0.0
    up_mm: float = 0.0

    def __post_init__(self) -> None:
        area_of_site(self.site, "injection: site")
        where = f"injection at {self.site}"
        object.__setattr__(self, "units", check_number(self.units, f"{where}: units", "U", above=0))
        for name in ("lateral_mm", "up_mm"):
            offset = check_number(getattr(self, name), f"{where}: {name}", "mm", at_least=-FARTHEST_MM, at_most=FARTHEST_MM)
            object.__setattr__(self, name, offset)
        if self.target_muscle is not None:
            check_choice(self.target_muscle, f"{where}: target_muscle", targets_of(self.site))
        if self.depth_mm is not None:
            object.__setattr__(self, "depth_mm", check_number(self.depth_mm, f"{where}: depth_mm", "mm", above=0))
        if (self.depth_mm is None) == (self.target_muscle is None):
            given = "both are" if self.depth_mm is not None else "neither is"
            raise InputError(f"{where}: {given} given; give depth_mm or target_muscle ({_usual_target(self.site)})")

    @property
    def moved(self) -> bool:
        """Whether the needle enters away from the named site."""
        return self.lateral_mm != 0 or self.up_mm != 0

    def mirrored(self) -> "Injection":
        """The same injection on the other side of the face."""
        lateral_mm = self.lateral_mm if side_of(self.site) else 0.0 - self.lateral_mm
        target = self.target_muscle and mirrored(self.target_muscle)
        return replace(self, site=mirrored(self.site), target_muscle=target, lateral_mm=lateral_mm)


@dataclass(frozen=True)
class Session:
    """The injections of one day; ``day`` counts from the start of the simulation."""

    day: float
    injections: tuple[Injection, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "day", check_number(self.day, "session: day", "days", at_least=0))
        object.__setattr__(self, "injections", tuple(self.injections))
        if not self.injections:
            raise InputError(f"session on day {self.day:g}: no injections; add at least one, or a pattern such as 'glabellar'")

    @property
    def units(self) -> float:
        """Units of the whole session."""
        return math.fsum(injection.units for injection in self.injections)

    @property
    def sites(self) -> tuple[str, ...]:
        """Named sites in order, each once."""
        return tuple(dict.fromkeys(injection.site for injection in self.injections))


@dataclass(frozen=True)
class Plan:
    """Sessions with one product. ``purpose``: 'person', within the label, or 'study', within published trials and marked so.

    ``vials``: how many vials are mixed for each session. ``lot`` and ``note`` are free text.
    ``expiry``: last day on which the vial may be used; ``hours_since_mixing`` when it is injected. Neither changes the effect.
    """

    product: str
    sessions: tuple[Session, ...]
    purpose: str = "person"
    dilution: Dilution = AS_LABELLED
    vials: int = 1
    lot: str | None = None
    note: str | None = None
    expiry: datetime.date | None = None
    hours_since_mixing: float | None = None

    def __post_init__(self) -> None:
        product = find_product(self.product, "plan")
        check_choice(self.purpose, "plan: purpose", PURPOSES)
        object.__setattr__(self, "dilution", self.dilution or product.dilution)
        if self.dilution.vial_units not in product.vials_units:
            sizes = " or ".join(f"{units:g}" for units in product.vials_units)
            raise InputError(
                f"plan: {self.dilution.vial_units:g} U is no vial of {product.name}; its vials hold {sizes} U; name the vial that is opened"
            )
        vials = check_number(self.vials, "plan: vials", at_least=1, at_most=MOST_VIALS)
        if vials != int(vials):
            raise InputError(f"plan: vials = {self.vials}: must be a whole number of at least 1")
        object.__setattr__(self, "vials", int(vials))
        object.__setattr__(self, "expiry", check_date(self.expiry, "plan: expiry"))
        if self.hours_since_mixing is not None:
            hours = check_number(self.hours_since_mixing, "plan: hours_since_mixing", "hours", at_least=0, at_most=MOST_HOURS)
            object.__setattr__(self, "hours_since_mixing", hours)
        object.__setattr__(self, "sessions", tuple(self.sessions))
        if not self.sessions:
            raise InputError("plan: empty, there is no session; add [[session]] with injections or a pattern such as 'glabellar'")
        for earlier, later in zip(self.sessions, self.sessions[1:], strict=False):
            if later.day <= earlier.day:
                raise InputError(
                    f"plan: session on day {later.day:g} follows day {earlier.day:g}; days must rise; one day's injections are one session"
                )
        held = self.vials * self.dilution.vial_units
        for session in self.sessions:
            if session.units > held * (1 + 1e-9):
                needed = _vials(session.units, self.dilution)
                raise InputError(
                    f"plan: session on day {session.day:g} needs {session.units:g} U, more than the {held:g} U in {self.vials} vial(s) of "
                    f"{self.dilution.vial_units:g} U; lower the units" + (f" or set vials = {needed}" if needed <= MOST_VIALS else "")
                )
            for injection in session.injections:
                volume_ml = self.volume_ml(injection)
                if not LEAST_ML <= volume_ml <= MOST_ML:
                    given = f"{injection.units:g} U at {self.dilution.units_per_ml:g} U/mL make {volume_ml:.3g} mL"
                    raise InputError(
                        f"plan: session on day {session.day:g}, {injection.site}: {given}; allowed: {LEAST_ML:g} to {MOST_ML:g} mL at one "
                        "site; correct diluent_ml or the units"
                    )

    @property
    def product_facts(self) -> Product:
        """Vials and labelled dilutions of the product."""
        return find_product(self.product)

    @property
    def units(self) -> float:
        """Units of all sessions."""
        return math.fsum(session.units for session in self.sessions)

    @property
    def sites(self) -> tuple[str, ...]:
        """Named sites of all sessions in order, each once."""
        return tuple(dict.fromkeys(site for session in self.sessions for site in session.sites))

    @property
    def areas(self) -> tuple[str, ...]:
        """Areas of the named sites as labels name them, each once; where a moved needle lands is for ``check_plan`` to say."""
        return tuple(dict.fromkeys(without_side(area_of_site(site)) for site in self.sites))

    @property
    def region(self) -> str:
        """'upper_face' or 'lower_face'. Each has a tissue of its own: a plan that treats both is an InputError."""
        regions = tuple(dict.fromkeys(region_of_site(site) for site in self.sites))
        if len(regions) > 1:
            raise InputError(
                "plan: treats the upper and the lower face; their tissues are computed apart and share nothing; write one plan for each"
            )
        return next(iter(regions))

    def volume_ml(self, injection: Injection) -> float:
        """Volume of one injection at the plan's dilution."""
        return self.dilution.volume_ml(injection.units)

    # --- making plans -------------------------------------------------------------------------------------------------------

    @classmethod
    def label(cls, product: str, area: str | Iterable[str] = "glabellar", *, purpose: str = "person", day: float = 0.0) -> "Plan":
        """The licensed pattern of a product for an area or several ('glabellar', 'forehead', 'lateral_canthal', or one side of it).

        An area that the label treats only together with another brings that one along: the forehead of onabotulinumtoxinA the glabella.
        """
        areas = (area,) if isinstance(area, str) else tuple(area)
        if not areas:
            raise InputError("plan: no area given; name at least one, such as 'glabellar'")
        injections: dict[str, Injection] = {}
        pending = list(areas)
        while pending:
            for row in find_pattern(product, pending.pop(0)):
                injections[row.site] = Injection(row.site, row.units, target_muscle=row.target_muscle)
                if row.together_with and row.together_with not in areas and row.together_with not in pending:
                    pending.append(row.together_with)
        dilution = find_product(product).dilution
        session = Session(day, tuple(injections.values()))
        return cls(product, (session,), purpose, dilution, _vials(session.units, dilution))

    @classmethod
    def study(cls, product: str, pattern: str, *, day: float = 0.0) -> "Plan":
        """A pattern of a published trial in an off-label area of the lower face, such as 'masseter_48': purpose 'study'."""
        injections = _study_injections(product, pattern)
        dilution = find_product(product).dilution
        session = Session(day, injections)
        return cls(product, (session,), "study", dilution, _vials(session.units, dilution))

    def move(self, site: str, *, lateral_mm: float = 0.0, up_mm: float = 0.0) -> "Plan":
        """The plan with the needle at ``site`` moved along the skin, added to any offset it has."""
        return self._changed(
            site, lambda injection: replace(injection, lateral_mm=injection.lateral_mm + lateral_mm, up_mm=injection.up_mm + up_mm)
        )

    def with_units(self, site: str, units: float) -> "Plan":
        """The plan with other units at ``site``."""
        return self._changed(site, lambda injection: replace(injection, units=units))

    def with_depth(self, site: str, depth_mm: float) -> "Plan":
        """The plan with the needle's tip at another depth at ``site``."""
        return self._changed(site, lambda injection: replace(injection, depth_mm=depth_mm, target_muscle=None))

    def without(self, *sites: str) -> "Plan":
        """The plan without the injections at these sites; sessions that become empty are left out."""
        for site in sites:
            self._check_site(site)
        kept = [Session(s.day, left) for s in self.sessions if (left := tuple(i for i in s.injections if i.site not in sites))]
        return replace(self, sessions=tuple(kept))

    def with_purpose(self, purpose: str) -> "Plan":
        """The plan for a 'person' or a 'study'."""
        return replace(self, purpose=purpose)

    def scaled(self, total_units: float, *, purpose: str | None = None) -> "Plan":
        """The plan with every session's units scaled in proportion to a new total per session, in as many vials as that needs."""
        total = check_number(total_units, "plan: total_units", "U", above=0)
        sessions = tuple(
            replace(s, injections=tuple(replace(i, units=i.units * total / s.units) for i in s.injections)) for s in self.sessions
        )
        vials = max(self.vials, _vials(total, self.dilution))
        return replace(self, sessions=sessions, purpose=purpose or self.purpose, vials=vials)

    def mirrored(self) -> "Plan":
        """The plan with left and right exchanged."""
        return replace(self, sessions=tuple(replace(s, injections=tuple(i.mirrored() for i in s.injections)) for s in self.sessions))

    def repeated(self, *days: float) -> "Plan":
        """The first session's injections on each of these days."""
        return replace(self, sessions=tuple(Session(day, self.sessions[0].injections) for day in days))

    def merged(self, other: "Plan") -> "Plan":
        """Both plans as one: sessions of the same day are put together. Purpose, dilution, lot and note stay this plan's."""
        if other.product != self.product:
            raise InputError(f"plan: {self.product} and {other.product} in one plan; {NOT_INTERCHANGEABLE}; keep two plans")
        if other.dilution != self.dilution:
            raise InputError("plan: the two plans have different dilutions; use one dilution, or keep two plans")
        days: dict[float, tuple[Injection, ...]] = {}
        for session in (*self.sessions, *other.sessions):
            days[session.day] = (*days.get(session.day, ()), *session.injections)
        sessions = tuple(Session(day, injections) for day, injections in sorted(days.items()))
        most = max(session.units for session in sessions)
        vials = max(self.vials, other.vials, _vials(most, self.dilution))
        purpose = "study" if "study" in (self.purpose, other.purpose) else "person"
        return replace(self, sessions=sessions, vials=vials, purpose=purpose)

    def _check_site(self, site: str) -> None:
        if site not in self.sites:
            raise InputError(f"plan: no injection at '{site}'; {nearest(site, self.sites)}")

    def _changed(self, site: str, change: Callable[[Injection], Injection]) -> "Plan":
        self._check_site(site)
        return replace(
            self,
            sessions=tuple(
                replace(s, injections=tuple(change(i) if i.site == site else i for i in s.injections)) for s in self.sessions
            ),
        )

    # --- files --------------------------------------------------------------------------------------------------------------

    @classmethod
    def read(cls, path: str | Path) -> "Plan":
        """The plan of a TOML file."""
        return cls.from_mapping(read_toml(path, "plan"), where=f"plan {path}")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "plan") -> "Plan":
        """The plan of nested tables as a TOML file has them; unknown keys are errors that name the nearest."""
        fields = Fields(data, where, PLAN_KEYS)
        product = find_product(fields.text("product"), where).name
        mixed = Fields(fields.get("dilution", {}), f"{where}, dilution", ("vial_units", "diluent_ml"))
        dilution = find_product(product).dilution
        if mixed.data:
            dilution = Dilution(mixed.number("vial_units", "U", above=0), mixed.number("diluent_ml", "mL", above=0))
        sessions = [
            _read_session(table, product, dilution, f"{where}, session {number}")
            for number, table in enumerate(fields.tables("session", ()), start=1)
        ]
        purpose = fields.choice("purpose", PURPOSES)
        vials = fields.integer("vials", 1, at_least=1, at_most=MOST_VIALS)
        try:
            return cls(
                product, tuple(sessions), purpose, dilution, vials, fields.text("lot", None), fields.text("note", None),
                fields.get("expiry", None), fields.get("hours_since_mixing", None),
            )  # fmt: skip
        except InputError as error:
            raise InputError(str(error).replace("plan:", f"{where}:", 1)) from None

    def write(self, path: str | Path) -> None:
        """Write the plan as a commented TOML file, in one step."""
        write_file(path, self.to_toml(), "plan")

    def to_toml(self) -> str:
        """The plan as TOML with comments that a clinician can read."""
        from glabella.plan_toml import plan_to_toml

        return plan_to_toml(self)


def area_of_site(site: str, where: str = "site") -> str:
    """The area, with its side where areas are counted per side, that a named site of either region belongs to."""
    if not isinstance(site, str) or site not in site_areas():
        from glabella.evidence.lower_face import lower_site_areas  # read only for what is not in the upper face

        check_choice(site, where, {**site_areas(), **lower_site_areas()})
        return lower_site_areas()[site]
    return site_areas()[site]


def region_of_site(site: str) -> str:
    """'upper_face' or 'lower_face'."""
    return "upper_face" if site in site_areas() else "lower_face"


def check_upper_face(sites: Iterable[str], where: str) -> None:
    """InputError where a site lies in the lower face, for what computes the upper face alone."""
    for site in sites:
        if region_of_site(site) == "lower_face":
            raise InputError(
                f"{where}: {site} lies in the lower face, which is not computed here; 'glabella simulate', 'check' and 'show' take it"
            )


def targets_of(site: str) -> tuple[str, ...]:
    """Muscles that a needle at a site may aim at: those of its region."""
    return TARGETS if region_of_site(site) == "upper_face" else LOWER_TARGETS


def _usual_target(site: str) -> str:
    if region_of_site(site) == "upper_face":
        return f"licensed target: {licensed_muscle(site)}"
    from glabella.evidence.lower_face import lower_target

    return f"target: {lower_target(site)}"


def _study_injections(product: str, pattern: str) -> tuple[Injection, ...]:
    from glabella.evidence.lower_face import find_study_pattern, lower_target

    sites = [(f"{row.site}_{side}", row.units) for row in find_study_pattern(product, pattern) for side in SIDES]
    return tuple(Injection(site, units, target_muscle=lower_target(site)) for site, units in sites)


def _vials(units: float, dilution: Dilution) -> int:
    """Vials that hold ``units``."""
    return max(1, math.ceil(units / dilution.vial_units - 1e-9))


def _check_product(fields: Fields, product: str) -> None:
    if "product" in fields.data and find_product(fields.text("product"), fields.where).name != product:
        raise InputError(
            f"{fields.where}: {fields.data['product']} in a plan of {product}; {NOT_INTERCHANGEABLE}; "
            "write one plan per product, each with its own units"
        )


def _read_session(table: Mapping[str, Any], product: str, dilution: Dilution, where: str) -> Session:
    fields = Fields(table, where, SESSION_KEYS)
    _check_product(fields, product)
    injections: list[Injection] = []
    for area in fields.names("pattern", ()):
        try:
            licensed = Plan.label(product, area).sessions[0].injections
        except InputError as error:
            raise InputError(f"{where}: pattern: {error}") from None
        injections += [injection for injection in licensed if injection not in injections]
    for pattern in fields.names("study_pattern", ()):
        try:
            injections += [injection for injection in _study_injections(product, pattern) if injection not in injections]
        except InputError as error:
            raise InputError(f"{where}: study_pattern: {error}") from None
    for number, entry in enumerate(fields.tables("injection", ()), start=1):
        injections.append(_read_injection(entry, product, dilution, f"{where}, injection {number}"))
    day = fields.number("day", "days", at_least=0)
    if not injections:
        raise InputError(f"{where}: no injections; add [[session.injection]], or pattern = \"glabellar\"")
    return Session(day, tuple(injections))


def _read_injection(table: Mapping[str, Any], product: str, dilution: Dilution, where: str) -> Injection:
    fields = Fields(table, where, INJECTION_KEYS)
    _check_product(fields, product)
    site = fields.text("site")
    area_of_site(site, f"{fields.where}: site")
    where = f"{where} ({site})"
    fields = replace(fields, where=where)
    units = fields.number("units", "U", above=0)
    volume_ml = fields.number("volume_ml", "mL", None, above=0)
    if volume_ml is not None and abs(volume_ml - dilution.volume_ml(units)) > VOLUME_TOLERANCE * volume_ml:
        raise InputError(
            f"{where}: volume_ml = {volume_ml:g} does not hold {units:g} U at {dilution.units_per_ml:g} U/mL; "
            f"write {dilution.volume_ml(units):.3g} or leave volume_ml out"
        )
    try:
        return Injection(
            site, units, fields.number("depth_mm", "mm", None, above=0), fields.choice("target_muscle", targets_of(site), None),
            fields.number("lateral_mm", "mm", 0.0), fields.number("up_mm", "mm", 0.0),
        )  # fmt: skip
    except InputError as error:
        raise InputError(str(error).replace(f"injection at {site}", where, 1)) from None


__all__ = ["Dilution", "Injection", "Plan", "Product", "Session"]
