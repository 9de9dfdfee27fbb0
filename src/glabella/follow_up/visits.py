"""What was seen of one person on visit days: grades by a rater, depths that were measured. Frozen, checked, read from TOML or CSV."""

import csv
import datetime
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glabella.errors import InputError, nearest
from glabella.files import read_text
from glabella.names import AREAS
from glabella.outcome import CONTRACTION, EXPRESSIONS
from glabella.population.raters import RATERS
from glabella.reading import Fields, check_choice, check_date, check_number, read_toml

VISIT_KEYS = ("day", "area", "expression", "rater", "grade", "depth_mm", "depth_error_mm", "depth_from", "note")
KEYS = (*VISIT_KEYS, "date", "picture")
COLUMNS = (*VISIT_KEYS, "picture")
NUMBERS = ("day", "grade", "depth_mm", "depth_error_mm")
NEEDED = ("day", "area", "expression")
PICTURE = "picture"
DEEPEST_MM = 10.0  # beyond it a typing error


@dataclass(frozen=True)
class Visit:
    """One look at one area on ``day`` since the start; day 0 is before the needles.

    ``grade`` 0 to 3, whole, by ``rater`` ('investigator' or 'subject'), at 'rest' or in the area's own contraction; or ``depth_mm`` of
    the line, measured, with ``depth_error_mm`` as one standard deviation; or both. ``depth_from`` 'picture': read from a photo; all such
    depths of a person are off by an unknown factor that they share, the error is what remains, and 0 means that no line was found.
    """

    day: float
    area: str
    expression: str
    rater: str | None = None
    grade: int | None = None
    depth_mm: float | None = None
    depth_error_mm: float | None = None
    depth_from: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        where = "visit"
        if isinstance(self.day, int | float) and not isinstance(self.day, bool) and self.day < 0:
            raise InputError(f"{where}: day = {self.day:g}: before day 0; what was seen before the treatment is day 0, before the needles")
        object.__setattr__(self, "day", check_number(self.day, f"{where}: day", "days", at_least=0))
        check_choice(self.area, f"{where}: area", AREAS)
        check_choice(self.expression, f"{where}: expression", EXPRESSIONS)
        if self.expression not in (shown := ("rest", CONTRACTION[self.area])):
            raise InputError(
                f"{where}: expression = {self.expression!r}: lines of the {self.area.replace('_', ' ')} area are rated in their own "
                f"contraction; valid: {', '.join(shown)}"
            )
        if (self.rater is None) != (self.grade is None):
            given, missing = ("rater", "grade") if self.grade is None else ("grade", "rater")
            raise InputError(f"{where}: {given} without {missing}; a grade needs who gave it, {' or '.join(RATERS)}")
        if self.grade is not None:
            check_choice(self.rater, f"{where}: rater", RATERS)
            grade = check_number(self.grade, f"{where}: grade", at_least=0, at_most=3)
            if grade != int(grade):
                raise InputError(f"{where}: grade = {self.grade}: must be a whole number from 0 none to 3 severe, as raters give it")
            object.__setattr__(self, "grade", int(grade))
        if self.depth_from is not None:
            check_choice(self.depth_from, f"{where}: depth_from", (PICTURE,))
            if self.depth_mm is None:
                raise InputError(f"{where}: depth_from without depth_mm; give both, or leave both out")
        if (self.depth_mm is None) != (self.depth_error_mm is None):
            raise InputError(f"{where}: depth_mm and depth_error_mm belong together; give both, or leave both out")
        for name in ("depth_mm", "depth_error_mm"):
            if getattr(self, name) is not None:
                least = {"at_least": 0.0} if name == "depth_mm" and self.from_picture else {"above": 0.0}
                number = check_number(getattr(self, name), f"{where}: {name}", "mm", at_most=DEEPEST_MM, **least)
                object.__setattr__(self, name, number)
        if self.grade is None and self.depth_mm is None:
            raise InputError(f"{where}: nothing was seen; give rater and grade, or depth_mm and depth_error_mm")

    @property
    def at_rest(self) -> bool:
        """Whether the face was at rest."""
        return self.expression == "rest"

    @property
    def from_picture(self) -> bool:
        """Whether its depth was read from a photo."""
        return self.depth_from == PICTURE

    @property
    def key(self) -> tuple[float, str, str, str]:
        """What may be there once: day, area, expression, and the rater or 'measured'."""
        return self.day, self.area, self.expression, self.rater or "measured"

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "visit", day_zero: datetime.date | None = None) -> "Visit":
        """The visit of a table; a ``date`` in place of the day counts from ``day_zero``."""
        fields = Fields(data, where, (*VISIT_KEYS, "date"))
        given = _dated(dict(fields.data), where, day_zero)
        for name in NEEDED:
            if name not in given:
                raise InputError(f"{where}: '{name}' is missing; add it")
        fields.text("note", "")
        try:
            return cls(**given)
        except InputError as error:
            raise InputError(str(error).replace("visit:", f"{where}:", 1)) from None


@dataclass(frozen=True)
class PictureVisit:
    """A photo of ``day`` that has not been measured yet: its file, the face that was made, and the area that it is for (None: all that
    the face shows)."""

    day: float
    expression: str
    picture: Path
    area: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "day", check_number(self.day, "visit: day", "days", at_least=0))
        check_choice(self.expression, "visit: expression", EXPRESSIONS)
        if self.area is not None:
            check_choice(self.area, "visit: area", AREAS)


@dataclass(frozen=True)
class Visits:
    """Everything seen, in order of day, and ``pictures`` to be measured; the order in which they were given does not matter."""

    seen: tuple[Visit, ...] = ()
    pictures: tuple[PictureVisit, ...] = ()

    def __post_init__(self) -> None:
        for visit in self.seen:
            if not isinstance(visit, Visit):
                raise InputError(f"visits: must be glabella.Visit, not {type(visit).__name__}; read a file with Visits.read")
        object.__setattr__(self, "seen", tuple(sorted(self.seen, key=lambda visit: visit.key)))
        for one, other in zip(self.seen, self.seen[1:], strict=False):
            if one.key == other.key:
                raise InputError(f"visits: {', '.join(_named(one))} stands twice; keep one")
        object.__setattr__(self, "pictures", tuple(sorted(self.pictures, key=lambda one: (one.day, one.expression))))
        files: dict[tuple[float, str], Path] = {}
        for one in self.pictures:
            if files.setdefault((one.day, one.expression), one.picture) != one.picture:
                face = one.expression.replace("_", " ")
                raise InputError(f"visits: day {one.day:g}, {face}: two pictures of the same face and day; keep the better one")

    @property
    def areas(self) -> tuple[str, ...]:
        """Areas that were looked at, in the usual order."""
        return tuple(area for area in AREAS if any(visit.area == area for visit in self.seen))

    @property
    def days(self) -> tuple[float, ...]:
        """Days on which something was seen, each once."""
        return tuple(sorted({visit.day for visit in self.seen}))

    def until(self, day: float) -> "Visits":
        """Those on or before a day."""
        return Visits(
            tuple(visit for visit in self.seen if visit.day <= day), tuple(one for one in self.pictures if one.day <= day)
        )  # fmt: skip

    def check(self, last_day: float) -> None:
        """InputError where a visit lies after the last day of the course."""
        for visit in (*self.seen, *self.pictures):
            if visit.day > last_day:
                raise InputError(f"visits: day {visit.day:g} is after the last day {last_day:g}; allow more days, or correct the visit")

    def to_csv(self) -> str:
        """The table that ``read`` takes, without pictures; what was not seen is an empty cell."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(VISIT_KEYS)
        for visit in self.seen:
            cells = (getattr(visit, name) for name in VISIT_KEYS)
            writer.writerow("" if cell is None else f"{cell:.10g}" if isinstance(cell, float) else cell for cell in cells)
        return out.getvalue()

    @classmethod
    def read(cls, path: str | Path) -> "Visits":
        """The visits of a TOML file ([[visit]] tables) or, where its name ends in .csv, of a table with a header. Pictures are named from
        the folder of the file."""
        where, folder = f"visits {path}", Path(path).parent
        if Path(path).suffix.lower() == ".csv":
            return cls._of(_csv_visits(read_text(path, "visits"), where), None, folder, where)
        return cls.from_mapping(read_toml(path, "visits"), where, folder)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "visits", folder: Path | None = None) -> "Visits":
        """The visits of nested tables as a TOML file has them; pictures are named from ``folder``."""
        fields = Fields(data, where, ("day_zero", "visit"))
        day_zero = check_date(fields.get("day_zero", None), f"{where}: day_zero")
        tables = enumerate(fields.tables("visit", ()), start=1)
        return cls._of(((table, f"{where}, visit {number}") for number, table in tables), day_zero, folder or Path(), where)

    @classmethod
    def _of(
        cls, tables: Iterable[tuple[Mapping[str, Any], str]], day_zero: datetime.date | None, folder: Path, where: str
    ) -> "Visits":  # fmt: skip
        found: list[Visit] = []
        pictures: list[PictureVisit] = []
        for table, place in tables:
            given = dict(Fields(table, place, KEYS).data)
            if PICTURE in given:
                pictures.append(_picture_visit(given, place, day_zero, folder))
                given.pop(PICTURE)
                if not any(name in given for name in ("rater", "grade", "depth_mm", "depth_error_mm")):
                    continue
            found.append(Visit.from_mapping(given, place, day_zero))
        if not found and not pictures:
            raise InputError(f"{where}: no visit in it; add [[visit]] with day, area, expression, rater and grade, or a row of the table")
        try:
            return cls(tuple(found), tuple(pictures))
        except InputError as error:
            raise InputError(str(error).replace("visits:", f"{where}:", 1)) from None


def _named(visit: Visit) -> tuple[str, ...]:
    return f"day {visit.day:g}", *(part.replace("_", " ") for part in visit.key[1:])


def _dated(given: dict[str, Any], where: str, day_zero: datetime.date | None) -> dict[str, Any]:
    """The table with its day, counted from ``day_zero`` where it has a date."""
    date = check_date(given.pop("date", None), f"{where}: date")
    if date is not None:
        if "day" in given:
            raise InputError(f"{where}: day and date are both given; give one")
        if day_zero is None:
            raise InputError(f"{where}: a date needs day_zero, the date of day 0, at the top of the file; or give day")
        given["day"] = (date - day_zero).days
    return given


def _picture_visit(data: dict[str, Any], where: str, day_zero: datetime.date | None, folder: Path) -> PictureVisit:
    given = _dated(dict(data), where, day_zero)
    for name in ("day", "expression"):
        if name not in given:
            raise InputError(f"{where}: '{name}' is missing; add it")
    named = Fields(given, where, KEYS).text(PICTURE)
    if not named.strip():
        raise InputError(f"{where}: picture is empty; give the path of a picture, or leave it out")
    try:
        return PictureVisit(given["day"], given["expression"], folder / named, given.get("area"))
    except InputError as error:
        raise InputError(str(error).replace("visit:", f"{where}:", 1)) from None


def _csv_visits(text: str, where: str) -> Iterable[tuple[Mapping[str, Any], str]]:
    reader = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(reader, ())]
    for name in header:
        if name not in COLUMNS:
            raise InputError(f"{where} line 1: unknown column '{name}'; {nearest(name, COLUMNS)}")
        if header.count(name) > 1:
            raise InputError(f"{where} line 1: column '{name}' stands twice; keep one")
    for name in NEEDED:
        if name not in header and not (name == "area" and PICTURE in header):
            raise InputError(f"{where} line 1: column '{name}' is missing; the columns are {','.join(COLUMNS)}")
    for cells in reader:
        place = f"{where} line {reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise InputError(f"{place}: {len(cells)} cells, must be {len(header)} as in the header; quote text that contains commas")
        filled = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
        yield {name: _number(value, name, place) if name in NUMBERS else value for name, value in filled.items()}, place


def _number(value: str, name: str, where: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"{where}: {name} = '{value}': not a number; write it with a point, without a unit") from None


__all__ = ["PictureVisit", "Visit", "Visits"]
