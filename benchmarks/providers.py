"""Ingest and search of practitioners: ``python benchmarks/providers.py [--rows N] [--places N] [--rounds N] [--folder DIR] [--json]``.

Every contender runs in a process of its own, one after the other and in turns, on the same invented national file; peaks of memory are
VmHWM of that process. DuckDB and polars are no dependencies of the product: each takes part where it is installed, and is named as
missing where it is not. They filter to a Parquet file of the same people; ours also writes the index that searches read.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from glabella.providers.centres import distance_km
from glabella.providers.database import open_database
from glabella.providers.fictional import national_file, other_files
from glabella.providers.fictional.people import invent
from glabella.providers.fictional.write import NATIONAL, write_records
from glabella.providers.ingest import ingest
from glabella.providers.search import chosen_families, search
from glabella.providers.settle import load_centres
from glabella.providers.tables import families, find_use, rows_of, specialty_of
from glabella.providers.where import Distance, Place

CONTENDERS = ("ours: national file", "ours: all files", "duckdb", "polars")
SEARCHES = (
    ("glabellar", (), "nearest"),
    ("glabellar", (), "evidence"),
    ("glabellar", ("all",), "nearest"),
    ("glabellar", ("all",), "evidence"),
    ("migraine", ("all",), "nearest"),
    ("migraine", ("all",), "evidence"),
)
RADIUS_KM, SHOWN, SEED = 50.0, 20, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_500_000)
    parser.add_argument("--places", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made; kept, and used again")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contend(options.contender, options.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        made = make_files(folder, options.rows)
        found = {"rows": options.rows, "bytes": (folder / NATIONAL).stat().st_size, "made_in_s": made, "machine": platform.machine()}
        found["load_at_start"], found["cores"] = os.getloadavg()[0], os.cpu_count()
        rounds = [{name: in_own_process(name, folder) for name in CONTENDERS} for _ in range(options.rounds)]
        found["contenders"] = {name: in_short([one[name] for one in rounds]) for name in CONTENDERS}
        found["load_at_end"] = os.getloadavg()[0]
        found["searches"] = measure_searches(folder / "ours.sqlite", options.places)
    print(json.dumps(found, indent=1) if options.json else told(found))


def make_files(folder: Path, rows: int) -> float:
    """The national file and what belongs to it, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"made-{rows}"
    if mark.exists():
        return 0.0
    start = perf_counter()
    write_records(folder / NATIONAL, invent(rows, SEED))
    ours = [one for one in invent(rows, SEED) if one.is_person and specialty_of(one.code) is not None]
    (folder / "MUP_PHY_D23_Prov_Svc.csv").write_bytes(other_files.claims(ours, SEED, 2023).encode("cp1252"))
    (folder / "DAC_NationalDownloadableFile.csv").write_text(other_files.clinicians(ours))
    (folder / "UPDATED.csv").write_text(other_files.exclusions(ours[::500], []))
    mark.touch()
    return perf_counter() - start


def in_own_process(name: str, folder: Path) -> dict:
    """Seconds, peak memory and people kept; or why there is nothing."""
    print(f"{name} ...", file=sys.stderr)
    run = subprocess.run([sys.executable, __file__, "--contender", name, "--folder", folder], capture_output=True, text=True)
    if run.returncode:
        return {"missing": (run.stderr.strip().splitlines() or ["failed"])[-1]}
    return json.loads(run.stdout.splitlines()[-1])


def in_short(runs: list[dict]) -> dict:
    """The fastest and the slowest round, the highest peak; what is kept is the same in every round."""
    if missing := [one for one in runs if "missing" in one]:
        return missing[0]
    assert len({one["kept"] for one in runs}) == 1
    seconds = [one["seconds"] for one in runs]
    return runs[0] | {
        "seconds": min(seconds), "slowest_s": max(seconds), "cpu_s": round(median(one["cpu_s"] for one in runs), 1),
        "peak_mb": max(one["peak_mb"] for one in runs),
    }  # fmt: skip


def peak_mb() -> int:
    """Of this process alone; ru_maxrss would also remember the one that it was forked from."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024)
    raise SystemExit("no VmHWM: peaks are measured on Linux")


def contend(name: str, folder: Path) -> None:
    """One contender in this process; prints what it measured."""
    run = {"duckdb": by_duckdb, "polars": by_polars}.get(name)
    start = perf_counter()
    if run is None:
        every = [path for path in sorted(folder.iterdir()) if path.suffix == ".csv"]
        paths = every if name.endswith("all files") else [folder / NATIONAL]
        database = folder / ("ours.sqlite" if name.endswith("all files") else "ours-national.sqlite")
        database.unlink(missing_ok=True)
        start = perf_counter()
        ingest(paths, database)
        with open_database(database) as connection:
            kept = connection.execute("SELECT count(*) FROM person").fetchone()[0]
        size = database.stat().st_size
    else:
        kept, size = run(folder)
    seconds = perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = round(used.ru_utime + used.ru_stime, 1)
    print(json.dumps({"seconds": round(seconds, 1), "cpu_s": cpu, "peak_mb": peak_mb(), "kept": kept, "output_mb": round(size / 1e6, 1)}))


def wanted() -> tuple[list[str], list[str]]:
    """Codes in full, and beginnings of codes."""
    codes = [row["code"] for row in rows_of("taxonomy.csv")]
    return [code for code in codes if "*" not in code], [code[:-1] for code in codes if "*" in code]


def code_columns() -> list[str]:
    return [name for name in national_file.columns() if name.startswith("Healthcare Provider Taxonomy Code_")]


KEPT = (
    "NPI", "Provider Last Name (Legal Name)", "Provider First Name", "Provider Credential Text",
    "Provider First Line Business Practice Location Address", "Provider Business Practice Location Address City Name",
    "Provider Business Practice Location Address State Name", "Provider Business Practice Location Address Postal Code",
    "Provider Enumeration Date", "Last Update Date",
)  # fmt: skip


def by_duckdb(folder: Path) -> tuple[int, int]:
    """The same filter to Parquet."""
    import duckdb

    exact, starts = wanted()
    per_column = [
        f'"{column}" IN ({", ".join(repr(code) for code in exact)})'
        + "".join(f" OR starts_with(\"{column}\", '{start}')" for start in starts)
        for column in code_columns()
    ]
    columns = ", ".join(f'"{name}"' for name in [*KEPT, *code_columns()])
    out = folder / "duckdb.parquet"
    connection = duckdb.connect()
    connection.execute("SET threads TO 2")
    connection.execute(
        f"COPY (SELECT {columns} FROM read_csv('{folder / NATIONAL}', all_varchar = true, header = true, delim = ',', quote = '\"')"
        f' WHERE "Entity Type Code" = \'1\' AND ("NPI Deactivation Date" IS NULL OR "NPI Reactivation Date" IS NOT NULL)'
        f" AND ({' OR '.join(f'({one})' for one in per_column)})) TO '{out}' (FORMAT parquet)"
    )
    row = connection.execute(f"SELECT count(*) FROM '{out}'").fetchone()
    assert row is not None
    return row[0], out.stat().st_size


def by_polars(folder: Path) -> tuple[int, int]:
    """The same filter to Parquet, streamed."""
    import polars as pl

    exact, starts = wanted()
    out = folder / "polars.parquet"
    ours = pl.any_horizontal(
        [
            pl.col(column).is_in(exact) | pl.any_horizontal([pl.col(column).str.starts_with(start) for start in starts])
            for column in code_columns()
        ]
    )
    active = pl.col("NPI Deactivation Date").is_null() | pl.col("NPI Reactivation Date").is_not_null()
    rows = pl.scan_csv(folder / NATIONAL, infer_schema=False)
    rows.filter((pl.col("Entity Type Code") == "1") & active & ours).select([*KEPT, *code_columns()]).sink_parquet(out)
    return pl.scan_parquet(out).select(pl.len()).collect().item(), out.stat().st_size


def measure_searches(database: Path, places: int) -> list[dict]:
    """Milliseconds of searches at random places, and whether the nearest are those of brute force."""
    rng = np.random.default_rng(SEED)
    found = []
    with open_database(database) as connection:
        centres = load_centres(connection)
        people = np.array(connection.execute("SELECT npi, zip, family, hidden FROM place").fetchall())
        at = np.searchsorted(centres.zips, people[:, 1])
        spots = rng.choice(np.flatnonzero(centres.exact), places)
        for use_name, specialties, sort in SEARCHES:
            use = find_use(use_name)
            numbers = [families().index(name) if name != "other" else -1 for name in chosen_families(specialties, use)]
            mine = np.isin(people[:, 2], numbers) & (people[:, 3] == 0)
            taken, unequal = [], 0
            for spot in spots:
                place = Place(float(centres.latitude[spot]), float(centres.longitude[spot]), "")
                start = perf_counter()
                answer = search(connection, place, Distance(RADIUS_KM), use, sort=sort, specialties=specialties, limit=SHOWN)
                taken.append(1000 * (perf_counter() - start))
                if sort == "nearest":
                    gaps = distance_km(place.latitude, place.longitude, centres.latitude[at[mine]], centres.longitude[at[mine]])
                    within = np.flatnonzero(gaps <= RADIUS_KM)
                    order = within[np.lexsort((people[mine, 0][within], gaps[within]))]
                    brute = list(dict.fromkeys(people[mine, 0][order].tolist()))
                    unequal += [hit.sheet.npi for hit in answer.hits] != brute[:SHOWN] or answer.people != len(brute)
            one = {"for": use_name, "specialties": " ".join(specialties) or "usual", "sort": sort, "places": places}
            one |= {"median_ms": round(median(taken), 1), "p95_ms": round(float(np.quantile(taken, 0.95)), 1)}
            found.append(one | ({"differs_from_brute_force": int(unequal)} if sort == "nearest" else {}))
    return found


def told(found: dict) -> str:
    lines = [
        f"{found['rows']:,} rows, {found['bytes'] / 1e9:.2f} GB, made in {found['made_in_s']:.0f} s; {found['cores']} cores, "
        f"load {found['load_at_start']:.1f} at the start, {found['load_at_end']:.1f} after the ingests",
        "",
        "| ingest | seconds, fastest round | slowest | of the processors | peak MB | people kept | output MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in found["contenders"].items():
        row = (
            f"{one['seconds']} | {one['slowest_s']} | {one['cpu_s']} | {one['peak_mb']} | {one['kept']:,} | {one['output_mb']}"
            if "seconds" in one
            else f"{one['missing']} | | | | |"
        )
        lines.append(f"| {name} | {row} |")
    lines += ["", "| search | specialties | sort | median ms | p95 ms | unlike brute force |", "|---|---|---|---|---|---|"]
    for one in found["searches"]:
        unlike = f"{one['differs_from_brute_force']} of {one['places']}" if "differs_from_brute_force" in one else ""
        lines.append(f"| {one['for']} | {one['specialties']} | {one['sort']} | {one['median_ms']} | {one['p95_ms']} | {unlike} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
