"""The side effects of one outcome as a document and as plain lines: how many people, when to get help, the blood, unlicensed products."""

import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from glabella.effect_names import name_effect
from glabella.effects_order import gravity, group_of, in_groups
from glabella.evidence.guidance import facts_about, label_emergency_text
from glabella.evidence.sources import find_reference
from glabella.outcome import FRAME, Outcome, Probability, Reported, plain
from glabella.stages.unwanted import MUSCLE_MECHANISMS, BloodBound, LabelRate, all_rates, any_event_rate, bound_blood
from glabella.wording import RAREST, units_words

if TYPE_CHECKING:
    from glabella.lower_face.outcome import LowerOutcome

SCHEMA = "glabella-effects-1"
WIDTH = 118
SET_TO = {row.effect: row.set_to for row in MUSCLE_MECHANISMS if row.set_to}
BASIS = {"computed": "computed", "label_rate": "published"}
COMPUTED = (
    "computed: from toxin outside its target in this plan, with the scatter of needles; either side of the face counts, and the two are "
    "taken as independent: were a person's sides equally sensitive, a chance would be up to a fiftieth of itself lower."
)
PUBLISHED = "published: the rate of trials or a label, whatever the cause."
BRACKETS = "In brackets nine in ten: of the computations, or of what the count of people allows."
SEVERAL = "What is computed is the chance over all sessions together; what is published, that of the trials."
Cite = Callable[[str], str]


def tell_in_thousand(value: float, low: float | None = None, high: float | None = None) -> str:
    """'about 18 in 1000 (10 to 30)': people of a thousand, with the band where one is given."""
    if max(value, high or 0.0) < RAREST:
        return "fewer than 1 in 10,000"
    if value == 0:
        return f"none (up to {_count(1000 * (high or 0.0))} in 1000)"
    of = 10_000 if max(value, high or 0.0) < 1e-3 else 1000
    if value * of < 1:
        return f"fewer than 1 in {of:,} (at most {_count((high or value) * of)})"
    number = f"about {_count(value * of)} in {of:,}" if of == 10_000 else f"about {_count(value * of)} in {of}"
    if low is None or high is None or f"{_count(low * of)}{_count(high * of)}" == 2 * _count(value * of):
        return number
    return f"{number} ({_count(low * of)} to {_count(high * of)})"


def _count(people: float) -> str:
    return "fewer than 1" if 0 < people < 0.5 else f"{people:.0f}"


def effects_document(outcome: "Outcome | LowerOutcome") -> dict[str, Any]:
    """Everything that the command shows, as plain data. ``effects`` are ordered: the graver first, of the same gravity the likelier."""
    plan = outcome.plan
    effects = [_effect(name, chance, _published(name, plan.product, plan.areas)) for name, chance in outcome.unwanted.items()]
    effects.sort(key=lambda effect: (gravity(effect["seriousness"]), -_likeliest(effect)))
    help_now = label_emergency_text()
    anything = any_event_rate(plan.product, plan.areas)
    return {
        "schema": SCHEMA,
        "frame": FRAME,
        "purpose": outcome.purpose,
        "watermark": outcome.watermark,
        "version": outcome.version,
        "seed": outcome.seed,
        "samples": outcome.settings["samples"],
        "product": plan.product,
        "areas": list(plan.areas),
        "units": plan.units,
        "sessions": [{"day": session.day, "units": session.units} for session in plan.sessions],
        "effects": effects,
        "any_adverse_event": None if anything is None else plain(anything),
        "without_rate": _facts("without_rate"),
        "get_help_now": {"paragraphs": list(help_now.paragraphs), "sources": list(help_now.keys)},
        "blood": {"bound": plain(_bound(outcome)), "facts": _facts("blood")},
        "unlicensed": _facts("unlicensed"),
        "genuine": _facts("genuine", plan.product),
        "reporting": _facts("reporting"),
    }


def _bound(outcome: "Outcome | LowerOutcome") -> BloodBound | None:
    """The bound on the blood; where the outcome has none, that of all its units in one session, which is no lower."""
    if isinstance(outcome, Outcome):
        return outcome.blood
    return bound_blood([outcome.dose.cleared_units], [outcome.plan.units], [0.0], outcome.plan.product, outcome.parameters)


def _published(effect: str, product: str, areas: Collection[str]) -> LabelRate | None:
    """The published rate of an effect for this product and one of the areas, the highest where there are several."""
    rows = [row for row in all_rates() if (row.effect, row.product) == (effect, product) and row.area in areas]
    return max(rows, key=lambda row: row.value, default=None)


def _effect(name: str, chance: Probability, rate: LabelRate | None) -> dict[str, Any]:
    words = name_effect(name)
    known = chance.reported
    if known is None and rate is not None:
        known = Reported(rate.value, rate.low, rate.high, rate.people, rate.placebo, rate.quality, rate.source, rate.note)
    return {
        "effect": name, "title": words.plain, "professional_title": words.professional,
        "probability": plain({"value": chance.value, "low": chance.low, "high": chance.high}),
        "plain": tell_in_thousand(chance.value, chance.low, chance.high), "basis": chance.basis, "reported": plain(known),
        "contradicts": contradicts(chance, known), "onset": chance.onset, "duration": chance.duration,
        "seriousness": chance.seriousness, "group": group_of(chance.seriousness), "source": chance.source,
        "set_to": SET_TO.get(name) if chance.basis == "computed" else None,
    }  # fmt: skip


def _facts(topic: str, product: str | None = None) -> list[dict[str, str]]:
    return [plain({"subject": f.subject, "text": f.text, "quality": f.quality, "source": f.source}) for f in facts_about(topic, product)]


def contradicts(chance: Probability, reported: Reported | None) -> bool:
    """Whether a computed chance and the published rate exclude each other: their bands have nothing in common."""
    return chance.basis == "computed" and reported is not None and (reported.low > chance.high or reported.high < chance.low)


def _likeliest(effect: Mapping[str, Any]) -> float:
    """The higher of the figures that are known of an effect."""
    return max(effect["probability"]["value"], effect["reported"]["value"] if effect["contradicts"] else 0.0)


def contradiction_words(effect: Mapping[str, Any]) -> str:
    """What to know where computed and published figures exclude each other; empty elsewhere."""
    if not effect["contradicts"]:
        return ""
    more = effect["reported"]["value"] > effect["probability"]["value"]
    return f"the two figures disagree: trials found {'more' if more else 'less'} than is computed here, and the published one was counted"


def plan_words(document: Mapping[str, Any]) -> str:
    """'onabotulinumtoxinA, 2 sessions of 20 U, glabellar'."""
    areas = ", ".join(area.replace("_", " ") for area in document["areas"])
    return f"{document['product']}, {units_words([session['units'] for session in document['sessions']])}, {areas}"


def effects_lines(document: Mapping[str, Any], likeliest_first: bool = False) -> Iterator[str]:
    """The document as lines for a terminal, grouped by gravity; ``likeliest_first``: without groups."""
    if document["watermark"]:
        yield "STUDY: beyond the label, not for treating a person"
    yield f"Side effects in people treated like this: {plan_words(document)}"
    if len(document["sessions"]) > 1:
        yield SEVERAL
    effects = document["effects"]
    groups = [("", sorted(effects, key=lambda effect: -_likeliest(effect)))] if likeliest_first else in_groups(effects)
    header = ("effect", "how many have it", "basis", "with placebo", "begins", "lasts")
    rows = {effect["effect"]: _rows(effect) for effect in effects}
    widths = [max(len(row[k]) for row in (header, *(row for some in rows.values() for row in some))) for k in range(len(header))]
    cite = numbered(document)
    for heading, some in groups:
        yield ""
        yield from (heading.upper(),) if heading else ()
        yield _aligned(header, widths)
        for effect in some:
            yield from (_aligned(row, widths) for row in rows[effect["effect"]])
            yield from _wrapped(f"{effect['seriousness']}{_beside(effect, cite)}", "    ")
    yield ""
    yield from _wrapped(f"{COMPUTED} {PUBLISHED} {BRACKETS}")
    yield from _wrapped(tell_anything(document["any_adverse_event"], cite)) if document["any_adverse_event"] else ()
    yield from _section("Named by labels without a rate", document["without_rate"], cite)
    yield ""
    yield "GET HELP NOW"
    for paragraph in document["get_help_now"]["paragraphs"]:
        yield from _wrapped(paragraph)
    yield from _wrapped(f"[{_cited(document['get_help_now']['sources'], cite)}]")
    yield ""
    yield "Into the blood"
    yield from blood_lines(document["blood"]["bound"])
    for fact in document["blood"]["facts"]:
        yield from _wrapped(f"- {_told(fact, cite)}", "  ")
    yield from _section("What an unlicensed product or an injection at home changes", document["unlicensed"], cite)
    yield from _section("A genuine box", document["genuine"], cite)
    yield from _section("Where to report", document["reporting"], cite)
    yield ""
    yield "Sources"
    for key in source_keys(document):
        yield from textwrap.wrap(f"[{cite(key)}] {find_reference(key)}", WIDTH, subsequent_indent="     ")
    yield ""
    yield document["frame"]


def _rows(effect: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row of the table; where a chance is computed and a rate is published, the published one has a row of its own."""
    reported, placebo = effect["reported"], placebo_words(effect["reported"])
    first = (effect["title"], effect["plain"], BASIS[effect["basis"]])
    course = (effect["onset"], effect["duration"])
    if effect["basis"] != "computed" or not reported:
        return [(*first, placebo, *course)]
    found = tell_in_thousand(reported["value"], reported["low"], reported["high"])
    return [(*first, "", *course), ("", found, "published", placebo, "", "")]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def tell_anything(anything: Mapping[str, Any] | None, cite: Cite = str) -> str:
    """How many had any trouble at all, with the product and with placebo; empty where unknown."""
    if anything is None:
        return ""
    return (
        f"Any trouble at all, whatever its cause: {tell_in_thousand(anything['value'])} with the product and "
        f"{tell_in_thousand(anything['placebo'])} with placebo, so that most of it is not due to the toxin [{cite(anything['source'])}]."
    )


def blood_lines(bound: Mapping[str, Any] | None) -> Iterator[str]:
    """Estimate and bounds on the blood in plain sentences."""
    if bound is None:
        yield "Not computed."
        return
    least = bound["limits"][0]
    mouse = next(limit for limit in bound["limits"] if limit["assay"] == "mouse_bioassay")
    peak, once = (_both_units(bound["estimate"], level) for level in ("peak", "worst"))
    yield from _wrapped(
        f"Estimate: of {bound['injected_units']:.3g} units, {bound['leaving_units']:.3g} leave the tissue with lymph and blood, as "
        f"computed. If all of them circulate and nothing binds, plasma holds {peak} about "
        f"{24 * bound['estimate']['peak_after_days']:.0f} hours after a session; with the whole session in the blood at once {once}."
    )
    peak, once = (_both_units(bound, level) for level in ("peak", "worst"))
    yield from _wrapped(
        "Upper bound: every unit injected circulates, nothing binds, and half-life, plasma, mass of a unit and speed of release stand at "
        f"the end of their ranges that gives most. Plasma holds at most {peak}; with the whole session in the blood at once at most {once}."
    )
    yield from _wrapped(
        f"Laboratories detect from {least['limit_pg_per_ml']:g} pg/mL ({least['plain']}) to {mouse['limit_pg_per_ml']:g} pg/mL "
        f"({mouse['plain']}). {_crossed(bound)}"
    )


def _both_units(levels: Mapping[str, Any], level: str) -> str:
    return f"{levels[f'{level}_units_per_l']:.2g} U/L ({levels[f'{level}_pg_per_ml']:.2g} pg/mL)"


def _crossed(bound: Mapping[str, Any]) -> str:
    """Which assays the bounds reach, by the lowest limit published of each."""
    said = []
    for what, level in (("The upper bound", "peak_pg_per_ml"), ("The one with a whole session at once", "worst_pg_per_ml")):
        reached = [f"{x['plain']}, {x['low_pg_per_ml']:g} pg/mL" for x in bound["limits"] if bound[level] >= x["low_pg_per_ml"]]
        found = f"reaches the lowest published limit of detection of: {'; '.join(reached)}" if reached else "reaches none of these limits"
        said.append(f"{what} {found}.")
    return " ".join(said)


def placebo_words(reported: Mapping[str, Any] | None) -> str:
    """How many have it with placebo, in the same trials."""
    if not reported or reported["placebo"] is None:
        return "not known"
    return "none reported" if reported["placebo"] == 0 else tell_in_thousand(reported["placebo"])


def _beside(effect: Mapping[str, Any], cite: Cite) -> str:
    """What has to be said about the figures, and where they are from."""
    reported = effect["reported"]
    parts = [contradiction_words(effect)] if effect["contradicts"] else []
    if effect["set_to"]:
        parts.append(f"not foretold but set to: {effect['set_to']}")
    if reported and reported["people"] is None:
        parts.append("number of people not given")
    if reported and reported["quality"] == "memory":
        parts.append("published figure from memory, not checked")
    if reported and reported["note"]:
        parts.append(reported["note"])
    keys = [effect["source"], *([reported["source"]] if reported else [])]
    return f"{''.join(f'; {part}' for part in parts)} [{_cited(keys, cite)}]"


def _cited(keys: Sequence[str], cite: Cite) -> str:
    return ", ".join(cite(key) for key in dict.fromkeys(keys))


def _section(title: str, facts: Sequence[Mapping[str, str]], cite: Cite) -> Iterator[str]:
    yield ""
    yield title
    for fact in facts:
        yield from _wrapped(f"- {_told(fact, cite)}", "  ")


def _told(fact: Mapping[str, str], cite: Cite) -> str:
    known = ", from memory, not checked" if fact["quality"] == "memory" else ""
    return f"{fact['text']} [{cite(fact['source'])}{known}]"


def _wrapped(text: str, indent: str = "") -> list[str]:
    first = indent if not text.startswith("- ") else ""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent) or [""]


def source_keys(document: Mapping[str, Any]) -> list[str]:
    """Every key of sources.bib that the document names, each once, in the order in which it tells of them."""
    keys = []
    for effect in document["effects"]:
        keys += [effect["source"], *([effect["reported"]["source"]] if effect["reported"] else [])]
    keys += [document["any_adverse_event"]["source"]] if document["any_adverse_event"] else []
    keys += [fact["source"] for fact in document["without_rate"]]
    keys += document["get_help_now"]["sources"]
    for part in (document["blood"]["facts"], document["unlicensed"], document["genuine"], document["reporting"]):
        keys += [fact["source"] for fact in part]
    return list(dict.fromkeys(keys))


def numbered(document: Mapping[str, Any]) -> Cite:
    """A source key as its number in the list of sources."""
    numbers = {key: str(n) for n, key in enumerate(source_keys(document), start=1)}
    return lambda key: numbers[key]
