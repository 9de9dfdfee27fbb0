"""A planned dose in words: the rows of its tables, shared by the command line and the report, and what the command line prints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glabella.names import side_of, without_side
from glabella.outcome import FRAME, Estimate, Outcome, Probability
from glabella.plan import Injection, Plan
from glabella.planner.objectives import SideEffectAtMost
from glabella.planner.result import Condition, OneStepLess, PlannedDose, TradeOff, units_by_muscle
from glabella.planner.simulated import Band, counted

SHOWN_MOVEMENT = ("maximum_frown", "brow_raise")
SMALL_SHARE = 0.001  # a chance below a tenth of a percent is said to be so, not spelt out


@dataclass(frozen=True)
class ConditionRow:
    """A condition as it is shown. ``at_most``: it is a side effect's limit, and the chances are those of having the effect."""

    says: str
    kind: str
    at_most: bool
    asked: float
    planned: Band
    licensed: Band
    met: bool

    @property
    def asked_text(self) -> str:
        """'at least 80 %' or 'at most 2 %'."""
        return f"at {'most' if self.at_most else 'least'} {percent(self.asked)} %"


def percent(share: float) -> str:
    """A chance in percent with two meaningful digits, never rounded to certainty."""
    number = 100 * share
    if number == 0 or number == 100:
        return f"{number:.0f}"
    if number < 100 * SMALL_SHARE:
        return "under 0.1"
    if number > 99.5:
        return f"{min(number, 99.9):.1f}"
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def with_band(band: Band | Probability) -> str:
    """'85 % (76 to 91 %)', one number where the band does not show; 'above 94 %' where every sample counts and 'under 6 %' where none."""
    value, low, high = percent(band.value), percent(band.low), percent(band.high)
    if band.value == 1 and band.low < 1:
        return f"above {low} %"
    if band.value == 0:
        return f"under {100 * max(band.high, SMALL_SHARE):.2g} %"
    return f"{value} %" if value == low == high else f"{value} % ({low} to {high} %)"


def condition_rows(planned: PlannedDose) -> list[ConditionRow]:
    """Every condition of the goal; a side effect's limit is turned from being spared to having it."""
    rows = []
    for objective, condition in zip(planned.goal.objectives, planned.conditions, strict=True):
        if isinstance(objective, SideEffectAtMost):
            says = f"{objective.effect.replace('_', ' ')} at any time"
            asked, one, other = objective.limit, _spared(condition.planned), _spared(condition.licensed)
            rows.append(ConditionRow(says, condition.kind, True, asked, one, other, condition.met))
        else:
            asked, one, other = condition.with_probability, condition.planned, condition.licensed
            rows.append(ConditionRow(condition.says, condition.kind, False, asked, one, other, condition.met))
    return rows


def _spared(band: Band) -> Band:
    return Band(1 - band.value, 1 - band.high, 1 - band.low)


def main_wish(planned: PlannedDose) -> Condition:
    """The wish that the planned dose reaches least."""
    return min((c for c in planned.conditions if c.kind == "wish"), key=lambda c: c.planned.value)


def sentence(planned: PlannedDose) -> str:
    """The result in one sentence: units against the licensed units, the chance of each wish with its interval, and whether all is kept."""
    wish = main_wish(planned)
    more = sum(c.kind == "wish" for c in planned.conditions) - 1
    also = f" (the least sure of {more + 1} wishes)" if more else ""
    missed = [row.says for row in condition_rows(planned) if not row.met]
    kept = "every condition of the goal is kept" if not missed else f"not kept on fresh samples: {'; '.join(missed)}"
    units = f"{planned.plan.units:g} U instead of the licensed {planned.licensed.units:g} U"
    chance = f"with a chance of {with_band(wish.planned)}{also}"
    beside = f"Asked for: {percent(wish.with_probability)} %; with the licensed pattern: {with_band(wish.licensed)}"
    return f"{units} give, in this simulation, {wish.says} {chance}. {beside}. {kept[0].upper()}{kept[1:]}."


def goal_words(planned: PlannedDose) -> str:
    """The goal as one line: every condition with what was asked."""
    return "; ".join(f"{row.says}: {row.asked_text}" for row in condition_rows(planned))


def baseline_rows(planned: PlannedDose) -> list[tuple[str, str]]:
    """Who, and the grades before treatment that the plan rests on, of the goal's areas."""
    many = len(planned.outcomes) > 1
    rows = []
    for number, outcome in enumerate(planned.outcomes, start=1):
        patient = outcome.patient
        who = f"{'woman' if patient.sex == 'female' else 'man'} of {patient.age_years:g}"
        grades = [
            f"{area_words(area)} {patient.baseline[area].rest:g} at rest, {patient.baseline[area].contraction:g} at contraction"
            for area in planned.goal.skin_areas
        ]
        rows.append((f"person {number}, {who}" if many else who, "; ".join(grades)))
    return rows


def needle_rows(planned: PlannedDose) -> list[tuple[str, str, str, str]]:
    """Site, aim, units planned, licensed units there; sites of either plan; the totals last."""
    plans = [{i.site: i for i in plan.sessions[0].injections} for plan in (planned.plan, planned.licensed)]
    rows = []
    for site in dict.fromkeys((*plans[1], *plans[0])):
        ours, theirs = plans[0].get(site), plans[1].get(site)
        aim = _aim(ours or theirs)
        rows.append((site_words(site), aim, *(f"{i.units:g}" if i else "none" for i in (ours, theirs))))
    return [*rows, ("together", "", f"{planned.plan.units:g}", f"{planned.licensed.units:g}")]


def _aim(injection: Injection | None) -> str:
    assert injection is not None
    aim = f"{injection.depth_mm:g} mm deep" if injection.depth_mm is not None else site_words(injection.target_muscle or "")
    offsets = ((injection.lateral_mm, "lateral"), (injection.up_mm, "up"))
    moved = [f"{value:+.2g} mm {way}" for value, way in offsets if abs(value) > 1e-9]
    return f"{aim}; moved {', '.join(moved)}" if moved else aim


def muscle_rows(planned: PlannedDose) -> list[tuple[str, ...]]:
    """Muscle that needles aim at, units planned, licensed units."""
    ours, theirs = units_by_muscle(planned.plan), units_by_muscle(planned.licensed)
    return [
        (site_words(muscle), *(f"{units[muscle]:g}" if muscle in units else "none" for units in (ours, theirs)))
        for muscle in dict.fromkeys((*theirs, *ours))
    ]


def shown_days(planned: PlannedDose) -> tuple[float, ...]:
    """The goal's first and last day."""
    goal = planned.goal
    return tuple(dict.fromkeys((goal.on_day, goal.until_day or goal.on_day)))


def movement_rows(planned: PlannedDose) -> list[tuple[str, str, str]]:
    """Movement kept on the goal's days and the height of the brows, planned and licensed, each a median with its band."""
    rows = []
    wanted = dict.fromkeys((*SHOWN_MOVEMENT, *planned.goal.keep))
    many = len(planned.outcomes) > 1
    for number, pair in enumerate(zip(planned.outcomes, planned.licensed_outcomes, strict=True), start=1):
        who = f"person {number}, " if many else ""
        for day in shown_days(planned):
            for name in wanted:
                rows.append((f"{who}{name.replace('_', ' ')}, day {day:g}, %", *(f"{one.movement[name].at(day):.0f}" for one in pair)))
            for side in ("left", "right"):
                what = f"{who}brow peak {side}, day {day:g}, mm"
                rows.append((what, *(format(one.brow[side].peak_mm.at(day), "+.1f") for one in pair)))
    return rows


def side_effect_rows(planned: PlannedDose) -> list[tuple[str, str, str]]:
    """Computed side effects: chance per person with its band, planned and licensed, the mean over people."""
    ours, theirs = (mean_risks(outcomes) for outcomes in (planned.outcomes, planned.licensed_outcomes))
    names = sorted(ours, key=lambda name: (-max(ours[name].high, theirs[name].high), name))
    return [(name.replace("_", " "), with_band(ours[name]), with_band(theirs[name])) for name in names]


def mean_risks(outcomes: Sequence[Outcome]) -> Mapping[str, Band]:
    """Chance of each computed side effect over the people of a plan, with the mean of the bands."""
    count = len(outcomes)
    return {
        name: Band(*(sum(getattr(o.unwanted[name], part) for o in outcomes) / count for part in ("value", "low", "high")))
        for name, chance in outcomes[0].unwanted.items()
        if chance.basis == "computed"
    }


def step_less_rows(planned: PlannedDose) -> list[tuple[str, ...]]:
    """Site, units there now and less, and the change in points of the chance of each condition."""
    turned = [-1 if row.at_most else 1 for row in condition_rows(planned)]
    rows = []
    for row in planned.one_step_less:
        changes = [
            format(signed(sign, *values), "+.1f")
            for sign, values in zip(turned, zip(row.change_points, row.low_points, row.high_points, strict=True), strict=True)
        ]
        rows.append((site_words(row.site), there_words(planned, row), f"{row.less_units:g} U", *changes))
    return rows


def there_words(planned: PlannedDose, row: OneStepLess) -> str:
    """'2 x 3 U': needles that go together, and the units of each."""
    needles = round(row.less_units / planned.goal.needles.dose_step_units)
    return f"{needles} x {row.units:g} U" if needles > 1 else f"{row.units:g} U"


def signed(sign: int, value: float, low: float, high: float) -> Estimate:
    """A change with its band, turned round where ``sign`` is -1."""
    return Estimate(value, low, high) if sign > 0 else Estimate(-value, -high, -low)


def shown_effects(planned: PlannedDose) -> tuple[str, ...]:
    """Side effects worth showing beside the trade-off: limited by the goal, or likely enough somewhere; else eyelid ptosis."""
    marks = [mean_risks(outcomes) for outcomes in (planned.outcomes, planned.licensed_outcomes)]
    most = {
        effect: max(*(point.side_effects[effect] for point in planned.trade_off), *(found[effect].high for found in marks))
        for effect in planned.trade_off[0].side_effects
    }
    shown = tuple(effect for effect in most if effect in planned.goal.limits.given or most[effect] >= SMALL_SHARE)
    return shown or ("eyelid_ptosis",)


def trade_off_header(planned: PlannedDose) -> tuple[str, ...]:
    """Heads of the columns of ``trade_off_rows``."""
    return ("units", "chance", *(effect.replace("_", " ") for effect in shown_effects(planned)))


def trade_off_rows(planned: PlannedDose) -> list[tuple[str, ...]]:
    """Units in total, the best chance of the goal with them, and the side effects that come along, at the nominal parameters."""
    effects = shown_effects(planned)
    return [
        (f"{point.units:.3g}", with_band(chance_band(planned, point)), *(_nominal(point.side_effects[effect]) for effect in effects))
        for point in planned.trade_off
    ]


def _nominal(share: float) -> str:
    return with_band(Band(share, share, share))


def chance_band(planned: PlannedDose, point: TradeOff) -> Band:
    """The chance at one total with the interval of the planner's draws."""
    return counted(point.chance, int(planned.settings["draws"]))


def plan_with_note(planned: PlannedDose) -> Plan:
    """The plan with a note that says what it is and for which goal, as ``plan.toml`` has it."""
    people = "; ".join(f"{who}: {grades}" for who, grades in baseline_rows(planned))
    return replace(planned.plan, note=f"simulated exploration, not a directive; goal: {goal_words(planned)}; for {people}")


def planned_lines(planned: PlannedDose) -> Iterator[str]:
    """The whole text that the command line prints."""
    settings = planned.settings
    if planned.watermark:
        yield f"*** {planned.watermark.upper()}: not for treating a person ***"
    yield planned.frame
    yield sentence(planned)
    yield ""
    yield f"{planned.plan.product}, units per site (never converted to those of another product)"
    yield from _table([("site", "aim", "planned", "licensed"), *needle_rows(planned)], left=2)
    yield ""
    yield "units per muscle that the needles aim at"
    yield from _table([("muscle", "planned", "licensed"), *muscle_rows(planned)], left=1)
    yield ""
    yield f"conditions: chance on {settings['samples']} fresh samples, with 90 % interval"
    rows = [
        (row.says, row.asked_text, with_band(row.planned), "met" if row.met else "NOT MET", with_band(row.licensed))
        for row in condition_rows(planned)
    ]
    yield from _table([("condition", "asked", "planned", "", "licensed"), *rows], left=1)
    yield ""
    yield "movement kept, in % of before, and height of the brows, in mm: median (5th to 95th percentile)"
    yield from _table([("", "planned", "licensed"), *movement_rows(planned)], left=1)
    yield ""
    yield "side effects: computed chance per person"
    yield from _table([("effect", "planned", "licensed"), *side_effect_rows(planned)], left=1)
    if planned.one_step_less:
        yield ""
        yield "one step less at a site: change in points of the chance of each condition, in the order above, with 90 % interval"
        header = ("site", "now", "less", *(f"condition {n}" for n in range(1, len(planned.conditions) + 1)))
        yield from _table([header, *step_less_rows(planned)], left=1)
    yield ""
    yield "trade-off: the best chance of the wishes for so many units, whatever the limits say"
    yield from _table([trade_off_header(planned), *trade_off_rows(planned)])
    yield ""
    yield "grades before treatment that this rests on (typed by you or usual, never read from a picture)"
    yield from _table(baseline_rows(planned), left=2)
    for finding in planned.outcome.findings:
        yield f"label, {finding.severity}: {finding}"
    if not planned.outcome.findings:
        yield "label: no finding"
    for note in planned.notes:
        yield f"note: {note}"
    yield (
        f"planned on {settings['draws']} draws in {settings['evaluations']} evaluations, judged on {settings['samples']} fresh samples; "
        f"placement scatter {settings['placement_sd_mm']:g} mm per axis; seed {planned.seed}"
    )
    yield FRAME


def site_words(name: str) -> str:
    """'corrugator lateral, left'."""
    side = side_of(name)
    return without_side(name).replace("_", " ") + (f", {side}" if side else "")


def area_words(area: str) -> str:
    """'glabellar lines', 'lateral canthal lines (left)'."""
    side = side_of(area)
    return f"{without_side(area).replace('_', ' ')} lines" + (f" ({side})" if side else "")


def _table(rows: Sequence[Sequence[str]], left: int = 0) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(w) if k < left else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
        yield ("  " + "  ".join(cells)).rstrip()
