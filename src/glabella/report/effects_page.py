"""The page of side effects, and the folder that holds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glabella.effects_order import in_groups
from glabella.effects_text import (
    BRACKETS,
    COMPUTED,
    PUBLISHED,
    SEVERAL,
    contradiction_words,
    numbered,
    placebo_words,
    plan_words,
    source_keys,
    tell_in_thousand,
)
from glabella.evidence.sources import find_reference
from glabella.files import check_folder
from glabella.outcome import outcome_text
from glabella.report.effects_parts import more_about
from glabella.report.frequencies import draw_frequencies
from glabella.report.style import styled
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, check_report_folder, write_folder

EFFECTS_FOLDER = FolderKind("report.html", "effects.json", "glabella side effects")


def check_effects_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the page can be put there."""
    check_folder(folder)
    return check_report_folder(folder, EFFECTS_FOLDER)


def write_effects(document: Mapping[str, Any], folder: str | Path) -> Path:
    """Write report.html, effects.json and the picture into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_effects_folder(folder)
    with styled():
        picture = draw_frequencies(document["effects"], document["watermark"])
    page = render_effects(document, picture)
    write_folder(folder, EFFECTS_FOLDER, page, outcome_text(document), [picture] if picture else [])
    return folder / EFFECTS_FOLDER.page


def render_effects(document: Mapping[str, Any], picture: Any) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    cite, several = numbered(document), f" {SEVERAL}" if len(document["sessions"]) > 1 else ""
    return filled_template(
        "effects.html.j2",
        document=document, generator=EFFECTS_FOLDER.generator, css=page_style(), picture=picture,
        groups=in_groups(effect_rows(document)), bases=f"{COMPUTED} {PUBLISHED} {BRACKETS}{several}", title=plan_words(document), cite=cite,
        more=more_about(document, cite), sources=[find_reference(key) for key in source_keys(document)],
    )  # fmt: skip


def effect_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The effects with what trials reported, in words."""
    return [
        {
            **effect,
            "trials": trials_words(effect["reported"]),
            "placebo": placebo_words(effect["reported"]),
            "disagree": contradiction_words(effect),
            "keys": list(dict.fromkeys([effect["source"], *([effect["reported"]["source"]] if effect["reported"] else [])])),
        }
        for effect in document["effects"]
    ]


def trials_words(reported: Mapping[str, Any] | None) -> str:
    """The published rate with its interval, or that there is none."""
    return tell_in_thousand(reported["value"], reported["low"], reported["high"]) if reported else "no rate found"
