"""An answer as lines of text."""

from collections.abc import Iterator
from textwrap import wrap

from glabella.providers.ingest import Taken
from glabella.providers.points import total
from glabella.providers.registry import Listed
from glabella.providers.search import Found, Hit, SourceLine
from glabella.providers.sheet import Sheet
from glabella.providers.tables import Use
from glabella.providers.where import Distance
from glabella.providers.words import CORRECTION, NOTHING_FOUND, NOTICES, QUESTIONS, told_not_shown

WIDTH = 110


def found_lines(found: Found, *, sheets: bool = False) -> Iterator[str]:
    """A list with its notices; ``sheets``: with what is known of each person."""
    yield f"Near {found.place.words}, within {found.within.told}, for {found.use.words}"
    yield f"specialties: {', '.join(name.replace('_', ' ') for name in found.families)}"
    shown = f"{len(found.hits)} of {found.people}" if found.people > len(found.hits) else f"{found.people}"
    hidden = told_not_shown(found.not_shown)
    yield f"{shown} {'person' if found.people == 1 else 'people'}{f'; {hidden}' if hidden else ''}"
    yield from _wrapped(f"How sorted: {found.how_sorted}")
    if found.sort == "evidence":
        yield from _points_of_all(found)
    yield ""
    if not found.hits:
        yield NOTHING_FOUND
    for number, hit in enumerate(found.hits, 1):
        yield from _hit_lines(number, hit, found, sheets)
    if found.hits and not sheets:
        yield "what the files say of one of them: glabella providers show NUMBER, the last one in the line"
    yield ""
    yield from closing_lines(found.sources)


def _points_of_all(found: Found) -> Iterator[str]:
    """Points belong here and nowhere else in a list."""
    for number, hit in enumerate(found.hits, 1):
        low, high, most = total(hit.sheet.parts)
        yield f"  {number:3}: {told_points(low, high)} of {most:g}"


def told_points(low: float, high: float) -> str:
    """'61' or '61 to 91'."""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _hit_lines(number: int, hit: Hit, found: Found, sheets: bool) -> Iterator[str]:
    sheet = hit.sheet
    far = found.within.tell(hit.km) + ("" if hit.exact else " (ZIP without a centre of its own)")
    credential = f", {sheet.credential}" if sheet.credential else ""
    yield f"{number:3}  {sheet.name}{credential}   {sheet.specialty}   {sheet.where}   {far}   {sheet.npi}"
    if sheets:
        yield from sheet_lines(sheet, indent="     ", name=False)
        yield ""


def sheet_lines(sheet: Sheet, indent: str = "", *, name: bool = True) -> Iterator[str]:
    """The evidence sheet."""
    if name:
        yield f"{sheet.name}{f', {sheet.credential}' if sheet.credential else ''}   registry number {sheet.npi}"
    street = f"{sheet.street}, " if sheet.street else ""
    yield f"{indent}practice: {street}{sheet.where}{f', telephone {sheet.phone}' if sheet.phone else ''}"
    for fact in sheet.facts:
        origin = f" [{fact.source}{f', {fact.as_of}' if fact.as_of else ''}]"
        yield from _wrapped(f"{fact.topic}: {fact.says}{origin}", indent)
    yield f"{indent}check: {sheet.board} and {sheet.registry}"


def points_lines(sheet: Sheet) -> Iterator[str]:
    """How the person would be sorted by evidence."""
    low, high, most = total(sheet.parts)
    yield f"How sorted, where a list is sorted by evidence: {told_points(low, high)} of {most:g} points"
    for part in sheet.parts:
        points = f"{part.low:g}" if part.low == part.high else f"{part.low:g} to {part.high:g}, unknown"
        yield f"  {part.name}: {points} of {part.most:g}"


def closing_lines(sources: tuple[SourceLine, ...] = ()) -> Iterator[str]:
    """Notices, questions, sources and how to correct a record."""
    for notice in NOTICES:
        yield from _wrapped(notice)
    yield ""
    yield "Questions to ask:"
    for question in QUESTIONS:
        yield from _wrapped(f"- {question}")
    yield ""
    if sources:
        yield "Sources:"
    for one in sources:
        basis = "" if one.as_of_from == "file name" else f", by the {one.as_of_from}" if one.as_of_from != "given" else ", as given"
        yield f"- {one.title}: {one.as_of}{basis}{f' ({one.old})' if one.old else ''}"
    yield from _wrapped(CORRECTION)


def listed_lines(found: Listed, within: Distance, use: Use) -> Iterator[str]:
    """An answer of any register with its notices."""
    yield f"Near {found.point}, within {within.told}, for {use.words}"
    yield "How sorted: nearest first"
    for remark in found.remarks:
        yield from _wrapped(f"Note: {remark}")
    yield ""
    if not found.listings:
        yield NOTHING_FOUND
    for number, one in enumerate(found.listings, 1):
        credential = f", {one.credential}" if one.credential else ""
        where = " ".join(part for part in (f"{one.city}," if one.region else one.city, one.region, one.postcode) if part)
        yield f"{number:3}  {one.name}{credential}   {one.specialty}   {where}   {within.tell(one.km)}   {one.identifier}"
        for topic, says in one.facts:
            yield from _wrapped(f"{topic}: {says} [{one.source}{f', {one.as_of}' if one.as_of else ''}]", "     ")
        if one.check:
            yield f"     check: {one.check}"
    yield ""
    yield from closing_lines()


def taken_lines(taken: list[Taken]) -> Iterator[str]:
    """What an ingest took from each file and left out."""
    for one in taken:
        left = ", ".join(f"{number:,} {name}" for name, number in one.counts.items() if name not in ("records", "kept"))
        kept, records = one.counts.get("kept", 0), one.counts.get("records", 0)
        yield f"{one.title}: {kept:,} kept of {records:,}, as of {one.as_of} ({one.as_of_from}){f'; left out: {left}' if left else ''}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False, break_long_words=False)
