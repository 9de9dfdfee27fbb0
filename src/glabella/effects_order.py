"""The order in which side effects are told: the gravest first, in three groups, and within a group the likelier first."""

from collections.abc import Sequence
from typing import Any

GRAVEST_FIRST = (  # the first words of every seriousness in the tables
    "serious", "can be serious", "do not drive", "troublesome", "can irritate", "chewing", "lips", "rare", "visible", "mild", "found",
    "whatever",
)  # fmt: skip
GROUPS = (  # name in the JSON, heading, first words of a seriousness that begin the group
    ("get_help_at_once", "Serious: get medical help at once", "serious"),
    ("troublesome", "Troublesome, or to be looked at if it lasts", "troublesome"),
    ("passes", "Mild, or visible and temporary", "visible"),
)


def gravity(seriousness: str) -> int:
    """Rank of a seriousness, 0 the gravest."""
    return next((n for n, words in enumerate(GRAVEST_FIRST) if seriousness.startswith(words)), len(GRAVEST_FIRST))


def group_of(seriousness: str) -> str:
    """Name of the group in ``GROUPS`` that a seriousness belongs to."""
    rank = gravity(seriousness)
    return next(name for name, _, first in reversed(GROUPS) if rank >= GRAVEST_FIRST.index(first))


def in_groups(effects: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """The effects of a document under the headings of their groups; empty groups are left out."""
    told = [(heading, [effect for effect in effects if effect["group"] == name]) for name, heading, _ in GROUPS]
    return [(heading, some) for heading, some in told if some]
