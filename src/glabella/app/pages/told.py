"""A result in words: dates, side effects, findings, sources. Each fills its box anew from a months document."""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui.element import Element

from glabella.app.pages.controls import block, finding, text, told
from glabella.label import Finding

SOURCE_KEY = re.compile(r" \[[a-z0-9_, ]+\]")
BASIS_WORDS = {"computed": "computed for this plan", "label_rate": "rate from published trials, not computed for this plan"}


def tell_dates(box: Element, document: Mapping[str, Any], *, simple: bool = False) -> None:
    """What happens when: as calendar dates where the treatment has a date, as days else. ``simple``: without keys of sources."""
    box.clear()
    seen: set[str] = set()
    with box, block("gl-facts", "dl"):
        for entry in document["dates"]:
            told(entry["title"], "", "dt", seen=seen)
            with block("", "dd"):
                text(_when(entry, "day", "date"), "gl-number")
                low, high = _when(entry, "low_day", "low_date"), _when(entry, "high_day", "high_date")
                if low and high and low != high:
                    text(f" ({low} to {high})", "gl-muted gl-number")
                if entry.get("note"):
                    told(SOURCE_KEY.sub("", entry["note"]) if simple else entry["note"], "gl-muted", "p", seen=seen)


def _when(entry: Mapping[str, Any], day: str, date: str) -> str:
    if entry.get(date):
        return f"{datetime.date.fromisoformat(entry[date]):%-d %B %Y}"
    if entry.get(day) is None:
        return "not within the year" if day == "day" else ""
    return f"day {entry[day]:.0f}"


def tell_side_effects(box: Element, document: Mapping[str, Any]) -> None:
    """Side effects in plain words with their numbers, and whether they were computed or are a published rate."""
    box.clear()
    seen: set[str] = set()
    with box:
        if not document["unwanted"]:
            text("No injections, so nothing to expect.", "gl-muted", "p")
        for effect in document["unwanted"]:
            with block("gl-effect"):
                told(effect["title"], "", "h3", seen=seen)
                told(effect["plain"], "", "p", seen=seen)
                told(BASIS_WORDS[effect["basis"]], "gl-muted", "p").props["title"] = f"source: {effect['source']}"


def tell_findings(box: Element, findings: Sequence[Finding]) -> None:
    """Findings of the label check, the gravest first: a word and a sign, not colour alone."""
    box.clear()
    with box:
        if not findings:
            told("The label check finds nothing to say.", "gl-muted", "p")
        for one in findings:
            finding(one.severity, one.what, f"{one.where}; {one.source}")


def tell_sources(box: Element, document: Mapping[str, Any]) -> None:
    """The sources behind this very result."""
    box.clear()
    with box, block("", "details"):
        text(f"{len(document['sources'])} sources behind this result", "", "summary")
        with block("gl-sources", "ul"):
            for source in document["sources"]:
                text(f"{source['text']} [{source['key']}]", "", "li")
