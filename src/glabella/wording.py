"""Small words that every text needs: one of a thing or several, what a session holds, and what is too rare to be told."""

from collections.abc import Sequence

RAREST = 1e-4  # what a count of twenty thousand placements still tells apart from nothing


def counted(number: float, noun: str) -> str:
    """'1 session', '2 sessions', '1.5 years'."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def units_words(units: Sequence[float]) -> str:
    """Units of the sessions of a plan: '20 U', '2 sessions of 20 U', '2 sessions of 20 and 30 U'."""
    told = [f"{each:g}" for each in units]
    if len(told) == 1:
        return f"{told[0]} U"
    each = told[0] if len(set(told)) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"{len(told)} sessions of {each} U"
