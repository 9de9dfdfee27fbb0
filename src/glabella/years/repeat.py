"""When sessions repeat: by the calendar, or when the grade is back. Read from plain words."""

import re
from dataclasses import dataclass

from glabella.errors import InputError
from glabella.reading import check_number

DAYS_OF = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
TIMES_A_YEAR = {"once": 1, "twice": 2, "three times": 3, "four times": 4}
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12}
FORMS = "'every 12 weeks', 'every 90 days', 'every 4 months', 'twice a year' or 'when the grade returns to 2'"
LONGEST_INTERVAL_DAYS = 20 * 365.25
_EVERY = re.compile(r"every (?:(\d+(?:\.\d+)?|[a-z]+) )?(day|week|month|year)s?")
_TIMES = re.compile(r"(once|twice|three times|four times) (?:a|per) year")
_GRADE = re.compile(r"when (?:the )?grade (?:returns|is back|comes back) (?:to|at) (\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Repeat:
    """Either ``interval_days`` between sessions, or the ``grade`` at maximum contraction at whose return the next session is given.

    Make one with ``Repeat.every(weeks=12)``, ``Repeat.when_grade_returns(2)`` or ``Repeat.read("every 12 weeks")``.
    """

    interval_days: float | None = None
    grade: float | None = None

    def __post_init__(self) -> None:
        if (self.interval_days is None) == (self.grade is None):
            raise InputError(f"repeat: give either days between sessions or a grade; such as {FORMS}")
        if self.interval_days is not None:
            days = check_number(self.interval_days, "repeat: interval", "days", at_least=1, at_most=LONGEST_INTERVAL_DAYS)
            object.__setattr__(self, "interval_days", days)
        else:
            object.__setattr__(self, "grade", check_number(self.grade, "repeat: grade", above=0, at_most=3))

    @classmethod
    def every(cls, *, days: float = 0, weeks: float = 0, months: float = 0, years: float = 0) -> "Repeat":
        """Sessions by the calendar; a month is a twelfth of a year."""
        given = {"day": days, "week": weeks, "month": months, "year": years}
        return cls(interval_days=sum(DAYS_OF[unit] * check_number(count, f"repeat: {unit}s") for unit, count in given.items()))

    @classmethod
    def when_grade_returns(cls, grade: float) -> "Repeat":
        """A session when the grade at maximum contraction is back at ``grade``, found at the next visit."""
        return cls(grade=grade)

    @classmethod
    def read(cls, text: str) -> "Repeat":
        """The rule in words; anything else is an error that says the forms."""
        said = " ".join(str(text).lower().split())
        if match := _EVERY.fullmatch(said):
            count, unit = match.groups()
            number = 1.0 if count is None else WORDS.get(count) if count.isalpha() else float(count)
            if number is not None:
                return cls(interval_days=number * DAYS_OF[unit])
        if match := _TIMES.fullmatch(said):
            return cls(interval_days=DAYS_OF["year"] / TIMES_A_YEAR[match[1]])
        if match := _GRADE.fullmatch(said):
            return cls(grade=float(match[1]))
        raise InputError(f"--repeat '{text}': not a rule that is known; write {FORMS}")

    def __str__(self) -> str:
        if self.interval_days is None:
            return f"when the grade returns to {self.grade:g}"
        weeks = self.interval_days / 7
        return f"every {weeks:g} weeks" if weeks == int(weeks) else f"every {self.interval_days:.4g} days"
