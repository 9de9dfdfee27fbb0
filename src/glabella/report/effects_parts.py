"""What follows a table of side effects on any page: when to get help, the blood, unlicensed products, genuine boxes, reporting."""

from collections.abc import Mapping
from typing import Any

from glabella.effects_text import Cite, blood_lines, tell_anything
from glabella.report.templates import filled_template


def more_about(document: Mapping[str, Any], cite: Cite = str) -> Any:
    """That part of an effects document as markup; ``cite``: how a source key is written, as it is unless given."""
    import markupsafe

    blood, anything = " ".join(blood_lines(document["blood"]["bound"])), tell_anything(document["any_adverse_event"], cite)
    return markupsafe.Markup(filled_template("effects_parts.html.j2", document=document, blood=blood, anything=anything, cite=cite))
