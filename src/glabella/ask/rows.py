"""Where the numbers of an answer come from: every row of the evidence tables under a short address such as ``facts.twin_years``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from glabella.errors import InputError, nearest
from glabella.evidence.tables import plain_rows, shipped_text

SIMULATED_FILE = "simulated.csv"
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {  # the file of each table, and the columns that together name a row
    "facts": ("facts.csv", ("key",)),
    "side_effects": ("side_effects.csv", ("effect", "product", "area")),
    "immunogenicity": ("immunogenicity.csv", ("product", "indication")),
    "published": ("trials/published.csv", ("row",)),
    "other": ("trials/other.csv", ("row",)),
    "lower_face_effects": ("lower_face_effects.csv", ("effect",)),
    "parameters": ("parameters.csv", ("name",)),
    "study_maxima": ("study_maxima.csv", ("product", "area")),
    "computed_effects": ("computed_effects.csv", ("effect",)),
    "products": ("products.csv", ("product", "vial_units")),
}
FALL = "fall"  # a column that every row with a value below zero has: by how much it fell, as a sentence says it
LABEL_CONDITIONS = ("condition", "medicine")
LABEL_ANY = ("", "all")
QUALITY_WORDS = {
    "seen": "",
    "memory": "remembered, to be checked",
    "assumed": "assumed here",
    "simulated": "simulated by this program",
    "fitted": "a fitted value of the model",
    "measured": "",
    "label": "",
}


@dataclass(frozen=True)
class EvidenceRow:
    """One row: its ``address``, the ``cells`` as they stand in the table, keys of sources.bib, and how well it is known."""

    address: str
    cells: Mapping[str, str]
    sources: tuple[str, ...]
    quality: str

    def number(self, column: str) -> float:
        """A cell as a number; InputError where it holds none."""
        try:
            return float(self.cells[column])
        except (KeyError, ValueError):
            raise InputError(f"{self.address}: column '{column}' holds no number") from None


def find_row(address: str) -> EvidenceRow:
    """The row at ``table.key``; an unknown table or key is an error that names the nearest valid one."""
    table, _, key = address.partition(".")
    rows = load_rows(table)
    if key not in rows:
        raise InputError(f"'{address}': no such row of {table}; {nearest(key, rows)}")
    row = rows[key]
    if row is None:
        raise InputError(f"'{address}': more than one row of {table} is called so; give the table's rows keys that differ")
    return row


@cache
def load_rows(table: str) -> Mapping[str, EvidenceRow | None]:
    """All rows of a table by key; None where several rows share one."""
    if table == "label_rules":
        return _keyed("label_rules", "label_rules.csv", _label_key)
    if table == "emergency":
        return _numbered("emergency", "emergency.csv", "part")
    if table == "patterns":
        return _patterns()
    if table == "simulated":
        return _simulated()
    if table not in TABLES:
        raise InputError(f"table '{table}' is unknown; {nearest(table, (*TABLES, 'label_rules', 'emergency', 'patterns', 'simulated'))}")
    file, columns = TABLES[table]
    return _keyed(table, file, lambda cells: "_".join(cells[column] for column in columns))


def _read(file: str) -> list[dict[str, str]]:
    return plain_rows(shipped_text(file))


def _row(table: str, key: str, cells: Mapping[str, str]) -> EvidenceRow:
    quality = cells.get("quality") or cells.get("kind") or "seen"
    return EvidenceRow(f"{table}.{key}", cells, (cells["source"],), quality)


def _keyed(table: str, file: str, key_of: Callable[[Mapping[str, str]], str]) -> Mapping[str, EvidenceRow | None]:
    found: dict[str, EvidenceRow | None] = {}
    for cells in _read(file):
        key = key_of(cells)
        if cells.get("value", "").startswith("-"):
            cells |= {FALL: cells["value"][1:]}
        found[key] = None if key in found else _row(table, key, cells)
    return found


def _label_key(cells: Mapping[str, str]) -> str:
    """Rule, then what narrows it: product, area, site, jurisdiction; a condition or medicine is named by itself."""
    named = cells["value"] if cells["rule"] in LABEL_CONDITIONS else ""
    parts = [cells["rule"], named, *(cells[c] for c in ("product", "area", "site", "jurisdiction") if cells[c] not in LABEL_ANY)]
    return "_".join(part for part in parts if part)


def _numbered(table: str, file: str, column: str) -> Mapping[str, EvidenceRow]:
    """Rows that share a name are counted: what_1, what_2."""
    found: dict[str, EvidenceRow] = {}
    for cells in _read(file):
        number = 1 + sum(key.rpartition("_")[0] == cells[column] for key in found)
        key = f"{cells[column]}_{number}"
        found[key] = _row(table, key, cells)
    return found


def _patterns() -> Mapping[str, EvidenceRow]:
    """Licensed patterns, one row per product and area: ``units`` in all, ``sites``, ``units_per_site`` where all are alike."""
    groups: dict[str, list[dict[str, str]]] = {}
    for cells in _read("patterns.csv"):
        groups.setdefault(f"{cells['product']}_{cells['area']}", []).append(cells)
    found = {}
    for key, sites in groups.items():
        each = {site["units"] for site in sites}
        cells = {"units": f"{sum(float(site['units']) for site in sites):g}", "sites": str(len(sites))}
        cells |= {"units_per_site": each.pop()} if len(each) == 1 else {}
        quality = "memory" if any(site["quality"] == "memory" for site in sites) else "seen"
        found[key] = EvidenceRow(f"patterns.{key}", cells, tuple(dict.fromkeys(site["source"] for site in sites)), quality)
    return found


def _simulated() -> Mapping[str, EvidenceRow]:
    """What the simulations of ``simulations.py`` gave when the answers were last built."""
    text = resources.files("glabella.ask").joinpath(SIMULATED_FILE).read_text("utf-8")
    return {cells["key"]: EvidenceRow(f"simulated.{cells['key']}", cells, (), "simulated") for cells in plain_rows(text)}


def with_band(row: EvidenceRow, spec: str = "") -> str:
    """The value of a row, with its band from low to high where it has one."""
    parts = [_shown(row, column, spec) for column in ("value", "low", "high") if row.cells.get(column)]
    if not parts or not row.cells.get("value"):
        raise InputError(f"{row.address}: has no value to show; name a column of it")
    return f"{parts[0]} ({parts[1]} to {parts[2]})" if len(parts) == 3 else parts[0]


def one_cell(row: EvidenceRow, column: str, spec: str = "") -> str:
    """One cell of a row as it is shown; an unknown or empty column is an error."""
    if column not in row.cells:
        raise InputError(f"{row.address}: no column '{column}'; {nearest(column, row.cells)}")
    if not row.cells[column]:
        raise InputError(f"{row.address}: column '{column}' is empty")
    return _shown(row, column, spec)


def _shown(row: EvidenceRow, column: str, spec: str) -> str:
    if spec:
        return format(row.number(column), spec)
    return row.cells[column]


def sources_of(rows: Sequence[EvidenceRow]) -> dict[str, str]:
    """Keys of sources.bib behind the rows, each with the weakest quality among its rows."""
    order = list(QUALITY_WORDS)
    weak = ("seen", "measured", "label", "fitted", "memory", "assumed")
    found: dict[str, str] = {}
    for row in rows:
        for key in row.sources:
            quality = row.quality if row.quality in order else "seen"
            found[key] = max(found.get(key, "seen"), quality, key=weak.index)
    return found
