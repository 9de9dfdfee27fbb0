"""The words of a comparison: one sentence that says what differs, and the short tables that the command line prints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from glabella.evidence.patterns import licensed_muscle
from glabella.names import side_of, without_side
from glabella.outcome import CONTRACTION, FRAME, Estimate, Outcome, Probability
from glabella.plan import Injection, Plan
from glabella.wording import counted

if TYPE_CHECKING:
    from glabella.comparison import Comparison, PairedCurve, PairedRisk, RiskDifference

DAYS = (0.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 180.0)
PEAK_DAY = 30.0  # the day by which trials rate the effect: what the sentence gives besides the widest difference
SETTLED_DAY = 7.0  # before it a shift of the onset by hours looks like a large difference
LEAST_GRADE = 0.005  # what two decimals show
LEAST_SHARE = 0.00005  # a hundredth of a percentage point, rounded
NO_BANDS = "One run of each plan: no bands were computed, and single numbers look surer than they are."


def summary(comparison: "Comparison") -> str:
    """One sentence: the lines that differ most, and the computed side effect that differs most, each number with its band."""
    return f"{_lines(comparison)}; {_risk(comparison)}."


def _lines(comparison: "Comparison") -> str:
    area, day = comparison.widest()
    pair = comparison.grade(area, CONTRACTION[area])
    most = pair.difference.at(day)
    if abs(most.median) < LEAST_GRADE:
        return f"The plans give the same grade of the lines to within 0.01 in every area and on every day, at the most {most:+.3f}"
    lines = f"the {lines_of(area)} at {CONTRACTION[area].replace('_', ' ')}"
    share, way = (pair.lower_share_at(day), "lower") if most.median < 0 else (pair.higher_share_at(day), "higher")
    counted = "" if share is None else f"; {way} in {_percent(share)} of samples"
    widest = directed(most)
    widest = f"{widest.removesuffix(')')}{counted})" if "(" in widest else widest + (f" ({counted[2:]})" if counted else "")
    peak = min(PEAK_DAY, float(comparison.days[-1]))
    if day == peak:
        return f"With the second plan {lines} are graded {widest} on day {day:g}, when they differ most"
    then = directed(pair.difference.at(peak))
    since = f", from day {SETTLED_DAY:g} on," if comparison.days[-1] > SETTLED_DAY else ""
    return f"With the second plan {lines} are graded {then} on day {peak:g} and{since} differ most on day {day:g}: {widest}"


def _risk(comparison: "Comparison") -> str:
    paired = {name: risk for name, risk in comparison.unwanted.items() if risk.difference is not None}
    if not paired:
        return "no side effect is computed for both plans"
    name = max(paired, key=lambda effect: abs(_of(paired[effect]).value))
    risk, difference = paired[name], _of(paired[name])
    if abs(difference.value) < LEAST_SHARE:
        return "no computed side effect differs by a hundredth of a percentage point"
    change = directed(Estimate(*(100 * x for x in (difference.value, difference.low, difference.high))), "percentage points ")
    first, second = (_chance(chance) for chance in (risk.first, risk.second) if chance is not None)
    return f"of the computed side effects {name.replace('_', ' ')} differs most: {second} instead of {first}, {change}"


def _chance(chance: Probability) -> str:
    value, low, high = (f"{100 * share:.2f}" for share in (chance.value, chance.low, chance.high))
    return f"{value} %" + ("" if low == value == high else f" ({low} to {high} %)")


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _of(risk: "PairedRisk") -> "RiskDifference":
    assert risk.difference is not None
    return risk.difference


def directed(change: Estimate, unit: str = "", spec: str = ".2f") -> str:
    """'0.31 lower (0.12 to 0.50 lower)', '0.03 lower (0.10 lower to 0.05 higher)' where the band holds zero, 'alike' for nothing."""

    def one(value: float) -> tuple[str, str]:
        number = format(abs(value), spec)
        return number, "" if float(number) == 0 else "lower" if value < 0 else "higher"

    def said(number: str, way: str) -> str:
        return f"{number} {way}".strip()

    median, (number, way) = change.median, one(change.median)
    text = said(number, f"{unit}{way}") if way else "alike"
    if format(change.low, spec) == format(change.high, spec):
        return text
    near, far = (one(x) for x in ((change.high, change.low) if median < 0 else (change.low, change.high)))
    ways = {near[1], far[1]} - {""}
    if len(ways) == 1:
        return f"{text} ({near[0]} to {far[0]} {ways.pop()})"
    return f"{text} ({said(*near)} to {said(*far)})"


def lines_of(area: str) -> str:
    """'glabellar lines', 'lateral canthal lines, left,'."""
    side = side_of(area)
    return f"{without_side(area).replace('_', ' ')} lines" + (f" ({side})" if side else "")


def site_name(site: str) -> str:
    """'corrugator medial, left'."""
    side = side_of(site)
    return without_side(site).replace("_", " ") + (f", {side}" if side else "")


def plan_line(outcome: Outcome) -> str:
    """'onabotulinumtoxinA, 20 U at 5 sites, 100 U in 2.5 mL'."""
    plan = outcome.plan
    sites = len(plan.sites)
    times = f" in {len(plan.sessions)} sessions" if len(plan.sessions) > 1 else ""
    mixed = f"{plan.dilution.vial_units:g} U in {plan.dilution.diluent_ml:g} mL"
    return f"{plan.product}, {plan.units:g} U at {sites} site{'' if sites == 1 else 's'}{times}, {mixed}"


def site_rows(first: Plan, second: Plan) -> list[tuple[str, str, str]]:
    """Site, and what each plan gives there; an empty text where it gives nothing. Units in total last."""
    rows = [(site_name(site), _at_site(first, site), _at_site(second, site)) for site in dict.fromkeys((*first.sites, *second.sites))]
    return [*rows, ("together", f"{first.units:g} U", f"{second.units:g} U")]


def _at_site(plan: Plan, site: str) -> str:
    dated = plan.sessions[-1].day > 0
    found = []
    for session in plan.sessions:
        for injection in session.injections:
            if injection.site == site:
                found.append(_injection(injection) + (f" on day {session.day:g}" if dated else ""))
    return "; ".join(found)


def _injection(injection: Injection) -> str:
    where = [f"{value:+g} mm {way}" for value, way in ((injection.lateral_mm, "lateral"), (injection.up_mm, "up")) if value]
    if injection.depth_mm is not None:
        where.append(f"{injection.depth_mm:g} mm deep")
    elif injection.target_muscle != licensed_muscle(injection.site):
        where.append(f"in {site_name(injection.target_muscle or '')}")
    return f"{injection.units:g} U" + (f" ({', '.join(where)})" if where else "")


def shown_days(last: float) -> tuple[float, ...]:
    """Days of the short tables up to the last day computed, which is always one of them."""
    return tuple(sorted({*(day for day in DAYS if day <= last), last}))


def curve_rows(pair: "PairedCurve", days: Iterable[float], spec: str) -> list[tuple[str, ...]]:
    """Day, first, second, second minus first, and the share of samples in which the second is lower; each number with its band."""
    rows = []
    for day in days:
        share = pair.lower_share_at(day)
        values = (format(pair.first.at(day), spec), format(pair.second.at(day), spec), signed(pair.difference.at(day), spec))
        rows.append((f"{day:g}", *values, "" if share is None else _percent(share)))
    return rows


def signed(value: Estimate, spec: str) -> str:
    """With the sign of a difference: '+0.12 (+0.05 to +0.20)'."""
    return format(value, f"+{spec.lstrip('+')}")


def quantities(comparison: "Comparison") -> list[tuple[str, "PairedCurve", str]]:
    """Title, curves and number format of each short table: grades of the treated areas, movement kept, peaks of the brows."""
    found = []
    for area in comparison.areas():
        expression = CONTRACTION[area]
        title = f"{lines_of(area)} at {expression.replace('_', ' ')}: grade, 0 none to 3 severe"
        found.append((title, comparison.grade(area, expression), ".2f"))
    found.append(("brow raise: movement kept, % of before", comparison.movement("brow_raise"), ".1f"))
    found += [(f"brow peak, {side}: mm up from before", comparison.brow(side), "+.2f") for side in ("left", "right")]
    return found


def risk_rows(comparison: "Comparison") -> list[tuple[str, str, str, str, str]]:
    """Side effect, chance in percent with each plan, difference in points, basis; the computed ones first."""
    rows = []
    for name, risk in sorted(comparison.unwanted.items(), key=lambda item: (item[1].either.basis != "computed", item[0])):
        cells = [
            "not rated" if chance is None else format(Estimate(*(100 * x for x in (chance.value, chance.low, chance.high))), ".2f")
            for chance in (risk.first, risk.second)
        ]
        change = ""
        if risk.difference is not None:
            change = signed(Estimate(*(100 * x for x in (risk.difference.value, risk.difference.low, risk.difference.high))), ".2f")
        rows.append((name.replace("_", " "), *cells, change, risk.either.basis.replace("_", " ")))
    return rows


def pairing_note(comparison: "Comparison") -> str:
    """How the samples are paired, or that there are none."""
    if not comparison.samples:
        return NO_BANDS
    return (
        f"Median (5th to 95th percentile) of {comparison.samples} samples in pairs: in each, both plans meet the same parameters and, "
        "at sites they share, the same scatter of the needles. Differences are taken within a pair."
    )


def comparison_lines(comparison: "Comparison") -> Iterator[str]:
    """The whole text that the command line prints, a difference being the second plan minus the first."""
    if comparison.watermark:
        yield f"*** {comparison.watermark.upper()}: not for treating a person ***"
    for name, outcome in (("first", comparison.first), ("second", comparison.second)):
        yield f"{name + ' plan:':<13}{plan_line(outcome)}, purpose '{outcome.purpose}'"
    if comparison.units_note:
        yield comparison.units_note
    yield f"{pairing_note(comparison)} Seed {comparison.first.seed}."
    yield ""
    yield comparison.summary()
    yield ""
    yield "units per site"
    sites = [(site, *(cell or "-" for cell in cells)) for site, *cells in site_rows(comparison.first.plan, comparison.second.plan)]
    yield from _table([("site", "first", "second"), *sites], left=1)
    header = ("day", "first", "second", "second - first", "second lower in")
    for title, pair, spec in quantities(comparison):
        yield ""
        yield title
        rows = [header, *curve_rows(pair, shown_days(float(comparison.days[-1])), spec)]
        yield from _table(rows if comparison.samples else [row[:-1] for row in rows])
    yield ""
    yield "side effects: chance per person in %, difference in percentage points"
    risks = risk_rows(comparison)
    shown = [row for row in risks if row[-1] == "computed" or row[1] != row[2]]
    yield from _table([("effect", "first", "second", "second - first", "basis"), *shown], left=1)
    if len(shown) < len(risks):
        yield "  label rates of other effects are the same for both plans"
    cautions = [sum(finding.severity == "caution" for finding in outcome.findings) for outcome in (comparison.first, comparison.second)]
    told = f"label: first plan {counted(cautions[0], 'caution')}, second plan {cautions[1]}"
    yield told + ("; see glabella check" if any(cautions) else "")
    yield FRAME


def _table(rows: Sequence[Sequence[str]], left: int = 0) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(w) if k < left else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
        yield ("  " + "  ".join(cells)).rstrip()
