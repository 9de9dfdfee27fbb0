"""One more visit in a file of visits: what was there stays as it was written, comments too, and a file is never half-written."""

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array

from glabella.errors import InputError
from glabella.files import read_text, write_file
from glabella.follow_up.visits import COLUMNS, PICTURE, Visits
from glabella.reading import read_toml

START = "# What was seen on visits: glabella follow-up PLAN.toml {name}\n"


def add_visit(path: str | Path, visit: Mapping[str, Any]) -> Visits:
    """Append a ``visit`` (keys as in the file; a picture is named from the folder that you are in) and give all visits of the file.

    The file is made where there is none. InputError, and the file as it was, where the visit is not valid or stands there already.
    """
    path = Path(path)
    given = {key: value for key, value in visit.items() if value not in (None, "")}
    if PICTURE in given:
        given[PICTURE] = _from_folder(Path(given[PICTURE]), path.parent)
    is_csv = path.suffix.lower() == ".csv"
    old = read_text(path, "visits") if path.exists() else ""
    if old.strip():
        Visits.read(path)  # what is wrong already is said of the file, not of what is added
    found = Visits.from_mapping({"visit": [given], **_day_zero(path, old, is_csv)}, "added visit", path.parent)
    new = _with_row(old, given, path) if is_csv else _with_table(old, given, path)
    together = _together(path, old, found)
    write_file(path, new, "visits")
    return together


def _together(path: Path, old: str, added: Visits) -> Visits:
    before = Visits.read(path) if old.strip() else Visits()
    try:
        return Visits((*before.seen, *added.seen), (*before.pictures, *added.pictures))
    except InputError as error:
        raise InputError(str(error).replace("visits:", f"visits {path}:", 1)) from None


def _day_zero(path: Path, old: str, is_csv: bool) -> dict[str, Any]:
    data = {} if is_csv or not old.strip() else read_toml(path, "visits")
    return {"day_zero": data["day_zero"]} if "day_zero" in data else {}


def _from_folder(picture: Path, folder: Path) -> str:
    if not picture.is_file():
        raise InputError(f"added visit: picture {picture}: no such file; give the path of a picture")
    try:
        return Path(os.path.relpath(picture, folder)).as_posix()
    except ValueError:  # another drive
        return picture.absolute().as_posix()


def _with_table(old: str, given: Mapping[str, Any], path: Path) -> str:
    try:
        document = tomlkit.parse(old or START.format(name=path.name))
    except TOMLKitError as error:
        raise InputError(f"visits {path}: not valid TOML: {str(error).splitlines()[0]}; correct it") from None
    visits = document.get("visit")
    if isinstance(visits, Array):  # visit = [{...}]
        entry = tomlkit.inline_table()
        entry.update(given)
        visits.append(entry)
        return tomlkit.dumps(document)
    if visits is not None and not isinstance(visits, AoT):
        raise InputError(f"visits {path}: 'visit' must be a list of tables; write each as [[visit]]")
    entry = tomlkit.table()
    for key, value in given.items():
        entry.add(key, int(value) if isinstance(value, float) and value.is_integer() else value)
    text = old or START.format(name=path.name)
    end = "" if text.endswith("\n") else "\n"
    return f"{text}{end}\n[[visit]]\n{entry.as_string()}"


def _with_row(old: str, given: Mapping[str, Any], path: Path) -> str:
    header = [name.strip() for name in next(csv.reader(io.StringIO(old)), [])] if old.strip() else [c for c in COLUMNS if c in given]
    for key in given:
        if key not in header:
            raise InputError(f"visits {path} line 1: there is no column '{key}'; add it to the header, or use a .toml file")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if not old.strip():
        writer.writerow(header)
    writer.writerow([f"{given[k]:.10g}" if isinstance(given.get(k), float) else given.get(k, "") for k in header])
    return old + ("" if not old or old.endswith("\n") else "\n") + out.getvalue()
