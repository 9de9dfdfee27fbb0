"""What a plan shall reach, and within which limits: frozen, checked, read from TOML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from glabella.errors import InputError, nearest
from glabella.evidence.patterns import find_pattern, site_areas
from glabella.evidence.products import find_product
from glabella.names import AREAS, PATTERN_AREAS, PURPOSES
from glabella.planner.objectives import COMPUTED, KINDS, BrowDropAtMost, GradeAtMost, MovementKept, Objective, SideEffectAtMost
from glabella.reading import Fields, check_choice, check_number, read_toml
from glabella.stages.skin.activation import EXPRESSIONS
from glabella.stages.skin.strain import MEASURED
from glabella.treatment import LONGEST_DAYS

KEYS = ("preset", "product", "purpose", "area", "goal", "keep", "limits", "needles", "objective")
GOAL_KEYS = ("grade_at_most", "expression", "on_day", "until_day", "with_probability")
KEEP_KEYS = (*(f"{name}_percent" for name in MEASURED), "brow_drop_at_most_mm", "with_probability")
PRESETS = ("licensed_pattern", "keep_more_movement", "least_brow_change")
DOSE_STEPS_UNITS = (0.5, 1.0)
FARTHEST_MOVE_MM = 10.0
WORST_GRADE = 2  # a goal of "severe or less" asks for nothing


@dataclass(frozen=True)
class Limits:
    """Highest probability per person of each computed side effect, None for no limit."""

    eyelid_ptosis: float | None = None
    brow_ptosis: float | None = None
    dry_eye: float | None = None
    asymmetric_smile: float | None = None

    def __post_init__(self) -> None:
        for name, limit in self.given.items():
            object.__setattr__(self, name, _probability(limit, f"limits: {name}"))

    @property
    def given(self) -> Mapping[str, float]:
        """The limits that are set, by effect."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


@dataclass(frozen=True)
class Needles:
    """What the planner may choose: ``sites`` (None: all licensed ones of the areas), steps of the dose, how many needles and units.

    ``most_units_per_site`` None: the label's units there. ``symmetric``: left and right get the same. ``move_mm``: how far a needle
    may go from its site along the skin, 0 for staying there. ``placement_sd_mm`` None: the parameter table's scatter per axis.
    """

    sites: tuple[str, ...] | None = None
    dose_step_units: float = 1.0
    most_needles: int | None = None
    most_units: float | None = None
    most_units_per_site: float | None = None
    symmetric: bool = True
    move_mm: float = 0.0
    placement_sd_mm: float | None = None

    def __post_init__(self) -> None:
        where = "needles"
        if self.sites is not None:
            sites = (self.sites,) if isinstance(self.sites, str) else tuple(self.sites)
            if not sites:
                raise InputError(f"{where}: sites: no allowed site; name at least one, or leave sites out for all licensed ones")
            for site in sites:
                check_choice(site, f"{where}: sites", site_areas())
            object.__setattr__(self, "sites", tuple(dict.fromkeys(sites)))
        step = check_number(self.dose_step_units, f"{where}: dose_step_units", "U", above=0)
        if step not in DOSE_STEPS_UNITS:
            raise InputError(f"{where}: dose_step_units = {step:g}: syringes are read in steps of 0.5 or 1 U; give one of the two")
        object.__setattr__(self, "dose_step_units", step)
        for name in ("most_units", "most_units_per_site"):
            most = getattr(self, name)
            if most is not None:
                most = check_number(most, f"{where}: {name}", "U", above=0)
                if most < step:
                    given = f"dose_step_units = {step:g} is larger than {name} = {most:g}"
                    raise InputError(f"{where}: {given}; lower the step or raise {name}")
                object.__setattr__(self, name, most)
        if self.most_needles is not None:
            needles = check_number(self.most_needles, f"{where}: most_needles", at_least=1, at_most=100)
            if needles != int(needles):
                raise InputError(f"{where}: most_needles = {needles:g}: must be a whole number")
            object.__setattr__(self, "most_needles", int(needles))
        if not isinstance(self.symmetric, bool):
            raise InputError(f"{where}: symmetric = {self.symmetric!r}: must be true or false")
        object.__setattr__(self, "move_mm", check_number(self.move_mm, f"{where}: move_mm", "mm", at_least=0, at_most=FARTHEST_MOVE_MM))
        if self.placement_sd_mm is not None:
            scatter = check_number(self.placement_sd_mm, f"{where}: placement_sd_mm", "mm", at_least=0, at_most=FARTHEST_MOVE_MM)
            object.__setattr__(self, "placement_sd_mm", scatter)


@dataclass(frozen=True)
class Goal:
    """Lines of ``area`` (as labels name areas) rated ``grade_at_most`` from ``on_day`` to ``until_day`` ``with_probability``.

    ``grade_at_most`` None: no such condition, only what ``keep`` and ``more`` ask for. ``expression``: the contraction of each area
    unless given. ``keep``: percent of movement per expression that stays; ``brow_drop_at_most_mm``: how far a brow may sink; both with
    ``keep_probability`` in the same window. ``more``: further objectives, your own included.
    """

    area: str | Sequence[str]
    grade_at_most: int | None = 1
    on_day: float = 30.0
    until_day: float | None = None
    with_probability: float = 0.8
    expression: str | None = None
    keep: Mapping[str, float] = field(default_factory=dict, hash=False)
    brow_drop_at_most_mm: float | None = None
    keep_probability: float = 0.9
    limits: Limits = Limits()
    needles: Needles = Needles()
    product: str = "onabotulinumtoxinA"
    purpose: str = "person"
    more: tuple[Objective, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "product", find_product(self.product, "goal").name)
        check_choice(self.purpose, "goal: purpose", PURPOSES)
        areas = (self.area,) if isinstance(self.area, str) else tuple(self.area)
        if not areas:
            raise InputError("goal: no area; name at least one, such as 'glabellar'")
        for area in areas:
            check_choice(area, "goal: area", PATTERN_AREAS)
            find_pattern(self.product, area)
        object.__setattr__(self, "area", tuple(dict.fromkeys(areas)))
        on_day = _day(self.on_day, "goal: on_day")
        until = on_day if self.until_day is None else _day(self.until_day, "goal: until_day")
        if until < on_day:
            raise InputError(f"goal: until_day = {until:g} comes before on_day = {on_day:g}; exchange them, or leave until_day out")
        object.__setattr__(self, "on_day", on_day)
        object.__setattr__(self, "until_day", until)
        object.__setattr__(self, "with_probability", _probability(self.with_probability, "goal: with_probability"))
        object.__setattr__(self, "keep_probability", _probability(self.keep_probability, "keep: with_probability"))
        if self.grade_at_most is not None:
            grade = check_number(self.grade_at_most, "goal: grade_at_most", at_least=0, at_most=WORST_GRADE)
            if grade != int(grade):
                raise InputError(f"goal: grade_at_most = {grade:g}: raters give whole grades; give 0, 1 or 2")
            object.__setattr__(self, "grade_at_most", int(grade))
        if self.expression is not None:
            check_choice(self.expression, "goal: expression", EXPRESSIONS)
        keep = {check_choice(name, "keep", MEASURED): _percent(value, f"keep: {name}_percent") for name, value in self.keep.items()}
        object.__setattr__(self, "keep", keep)
        if self.brow_drop_at_most_mm is not None:
            drop = check_number(self.brow_drop_at_most_mm, "keep: brow_drop_at_most_mm", "mm", above=0, at_most=20)
            object.__setattr__(self, "brow_drop_at_most_mm", drop)
        object.__setattr__(self, "more", tuple(self.more))
        for name, value, kind in (("limits", self.limits, Limits), ("needles", self.needles, Needles)):
            if not isinstance(value, kind):
                raise InputError(f"goal: {name}: must be a glabella.{kind.__name__}, not {type(value).__name__}")
        for objective in self.more:
            area = getattr(objective, "area", None)
            if area in AREAS and area not in self.skin_areas:
                raise InputError(f"goal: an objective speaks of the {area.replace('_', ' ')} area, which is not treated; add it to area")
        if not self.wishes:
            raise InputError("goal: nothing is asked for; give grade_at_most, or an [[objective]] such as kind = \"improved_by\"")

    @property
    def areas(self) -> tuple[str, ...]:
        """Areas to treat, as labels name them."""
        return tuple(self.area)

    @property
    def skin_areas(self) -> tuple[str, ...]:
        """Areas of skin that are rated: lateral canthal lines per side."""
        return tuple(a for a in AREAS if any(a == area or a.startswith(f"{area}_") for area in self.areas))

    @property
    def wishes(self) -> tuple[Objective, ...]:
        """What the dose is given for: the grades asked for, and further objectives that are no side effects."""
        until = self.until_day or self.on_day
        grade = self.grade_at_most
        rated = () if grade is None else tuple(
            GradeAtMost(area, grade, self.on_day, until, self.with_probability, self.expression or "") for area in self.skin_areas
        )  # fmt: skip
        return (*rated, *(o for o in self.more if not isinstance(o, SideEffectAtMost)))

    @property
    def bounds(self) -> tuple[Objective, ...]:
        """What must not be lost on the way: movement, brow position, side effects."""
        until = self.until_day or self.on_day
        kept = [MovementKept(name, percent, self.on_day, until, self.keep_probability) for name, percent in self.keep.items()]
        brow = [] if self.brow_drop_at_most_mm is None else [
            BrowDropAtMost(self.brow_drop_at_most_mm, self.on_day, until, self.keep_probability)
        ]  # fmt: skip
        effects = [SideEffectAtMost(effect, limit) for effect, limit in self.limits.given.items()]
        return (*kept, *brow, *effects, *(o for o in self.more if isinstance(o, SideEffectAtMost)))

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All conditions: wishes first."""
        return (*self.wishes, *self.bounds)

    @property
    def last_day(self) -> float:
        """Last day that any condition speaks of."""
        return max(o.last_day for o in self.objectives)

    # --- files --------------------------------------------------------------------------------------------------------------

    @classmethod
    def preset(cls, name: str, **changes: Any) -> "Goal":
        """A ready goal: 'licensed_pattern', 'keep_more_movement' or 'least_brow_change'; ``changes`` replace its fields."""
        return replace(cls.from_mapping({"preset": name}, f"preset {name}"), **changes)

    @classmethod
    def read(cls, path: str | Path) -> "Goal":
        """The goal of a TOML file."""
        return cls.from_mapping(read_toml(path, "goal"), f"goal {path}")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "goal") -> "Goal":
        """The goal of nested tables as a TOML file has them; what the file leaves out comes from its preset, if it names one."""
        table = Fields(data, where, KEYS)
        if "preset" in data:
            ready = _preset(table.choice("preset", PRESETS))
            merged = {**ready, **data}
            for name in ("goal", "keep", "limits", "needles"):
                if name in ready and isinstance(data.get(name, {}), Mapping):
                    merged[name] = {**ready[name], **data.get(name, {})}
            table = Fields(merged, where, KEYS)
        try:
            return _from_tables(cls, table, where)
        except InputError as error:
            text = str(error)
            raise InputError(text if text.startswith(where) else f"{where}: {text}") from None


def _preset(name: str) -> dict[str, Any]:
    path = resources.files("glabella.planner").joinpath("presets", f"{name}.toml")
    return read_toml(str(path), "preset")


def _from_tables(cls: type[Goal], table: Fields, where: str) -> Goal:
    given: dict[str, Any] = {name: table.text(name) for name in ("product", "purpose") if name in table.data}
    if "area" not in table.data:
        raise InputError(f"{where}: 'area' is missing; add one such as area = \"glabellar\"")
    given["area"] = table.names("area")
    goal = Fields(table.get("goal", {}), f"{where}, [goal]", GOAL_KEYS)
    for name in ("grade_at_most", "on_day", "until_day", "with_probability"):
        if name in goal.data:
            given[name] = goal.number(name, "days" if name.endswith("day") else None)
    if "expression" in goal.data:
        given["expression"] = goal.choice("expression", EXPRESSIONS)
    if "objective" in table.data and "grade_at_most" not in goal.data:
        given["grade_at_most"] = None
    keep = Fields(table.get("keep", {}), f"{where}, [keep]", KEEP_KEYS)
    given["keep"] = {name: keep.number(f"{name}_percent") for name in MEASURED if f"{name}_percent" in keep.data}
    if "brow_drop_at_most_mm" in keep.data:
        given["brow_drop_at_most_mm"] = keep.number("brow_drop_at_most_mm", "mm")
    if "with_probability" in keep.data:
        given["keep_probability"] = keep.number("with_probability")
    limits = table.get("limits", {})
    for name in limits if isinstance(limits, Mapping) else ():
        if name not in COMPUTED:
            raise InputError(f"{where}, [limits]: '{name}' has no computed probability, so it cannot be limited; {nearest(name, COMPUTED)}")
    effects = Fields(limits, f"{where}, [limits]", COMPUTED)
    given["limits"] = Limits(**{name: effects.number(name) for name in effects.data})
    needles = Fields(table.get("needles", {}), f"{where}, [needles]", tuple(f.name for f in fields(Needles)))
    chosen = dict(needles.data)
    if "sites" in chosen:
        chosen["sites"] = needles.names("sites")
    given["needles"] = Needles(**chosen)
    given["more"] = tuple(_objective(entry, f"{where}, objective {n}") for n, entry in enumerate(table.tables("objective", ()), start=1))
    return cls(**given)


def _objective(entry: Mapping[str, Any], where: str) -> Objective:
    kind = check_choice(entry.get("kind"), f"{where}: kind", KINDS)
    wanted = fields(KINDS[kind])
    given = Fields(entry, where, ("kind", *(f.name for f in wanted))).data
    values = {f.name: _value(given[f.name], f.name, f"{where}: {f.name}") for f in wanted if f.name in given}
    try:
        made = KINDS[kind](**values)
    except TypeError:
        raise InputError(f"{where}: {kind} needs {', '.join(f.name for f in wanted)}") from None
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if values.get("until_day", 0.0) < values.get("on_day", 0.0):
        raise InputError(f"{where}: until_day = {values['until_day']:g} comes before on_day = {values['on_day']:g}; exchange them")
    return made


def _value(value: Any, name: str, where: str) -> Any:
    """A field of an objective table, in its range; names are checked by the objective itself."""
    if name in ("area", "expression", "effect"):
        return value
    if name in ("with_probability", "limit"):
        return _probability(value, where)
    if name in ("on_day", "until_day"):
        return _day(value, where)
    if name == "grade":
        return int(_whole(check_number(value, where, at_least=0, at_most=WORST_GRADE), where))
    return _percent(value, where) if name == "percent" else check_number(value, where, above=0)


def _day(value: Any, where: str) -> float:
    """A whole day after the first session: those are the days that are simulated."""
    return _whole(check_number(value, where, "days", at_least=1, at_most=LONGEST_DAYS), where)


def _whole(number: float, where: str) -> float:
    if number != int(number):
        raise InputError(f"{where} = {number:g}: must be a whole number; give {int(number)} or {int(number) + 1}")
    return number


def _percent(value: Any, where: str) -> float:
    return check_number(value, where, at_least=0, at_most=100)


def _probability(value: Any, where: str) -> float:
    share = check_number(value, where, at_least=0, at_most=1)
    if not 0 < share < 1:
        limit = "limit" in where
        what = "nothing is asked for" if share == float(limit) else "no dose can be sure of that"
        raise InputError(f"{where} = {share:g}: {what}; give a probability above 0 and below 1, such as {0.02 if limit else 0.8}")
    return share
