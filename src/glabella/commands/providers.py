"""``glabella providers``: public records of practitioners, on this computer."""

import tempfile
from pathlib import Path

import click

from glabella.commands.common import PATH, json_option, progress_line, tell_json

database_option = click.option("--database", metavar="FILE", type=PATH, help="The local database; in the user's data folder unless given.")
use_option = click.option("--for", "use", metavar="USE", default="glabellar", show_default=True, help="What for: an area or a condition.")
within_option = click.option("--within", metavar="DISTANCE", default="50km", show_default=True, help="Radius, such as 50km or 30mi.")
specialty_option = click.option(
    "--specialty", "specialties", metavar="NAME", multiple=True,
    help="Specialty or group (core, therapeutic, delegated, general, all) instead of the usual ones for the use; may be given again.",
)  # fmt: skip
limit_option = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many to show.")
DEMO_RECORDS, DEMO_OFTEN = 20_000, 8.0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def providers() -> None:
    """Find a practitioner near you: public records, evidence, no verdicts."""


@providers.command()
@click.argument("files", metavar="FILE...", type=PATH, nargs=-1)
@click.option("--as-of", metavar="DATE", help="Day that the files tell of, where their names do not say.")
@click.option(
    "--layout", "layouts", metavar="FILE.toml", type=PATH, multiple=True,
    help="Columns of a state's licence list that is not known here: docs/practitioners.md shows one. May be given again.",
)
@database_option
@json_option
def ingest(files: tuple[Path, ...], as_of: str | None, layouts: tuple[Path, ...], database: Path | None, as_json: bool) -> None:
    """Read public files into the local database: each is recognised by its columns, zipped or not.

    Known: the national provider file (monthly, weekly, second places, deactivations), exclusions, Medicare counts, clinicians, opt-outs,
    licence lists of states, ZIP centres. Interrupted, the same command goes on; what was there before answers meanwhile.
    """
    from glabella.providers.ingest import ingest
    from glabella.providers.layouts import read_layout
    from glabella.providers.told import taken_lines
    from glabella.reading import check_date

    with progress_line() as progress:
        taken = ingest(files, database, check_date(as_of, "--as-of"), progress, [read_layout(path) for path in layouts])
    if as_json:
        tell_json([{"source": one.source, "file": one.file, "as_of": one.as_of.isoformat(), "counts": one.counts} for one in taken])
        return
    for line in taken_lines(taken):
        click.echo(line)


@providers.command()
@click.option("--near", metavar="PLACE", required=True, help="ZIP code, 'City, ST', or 'latitude,longitude'.")
@within_option
@use_option
@specialty_option
@click.option("--sort", metavar="nearest|evidence", default="nearest", show_default=True, help="Order of the list.")
@limit_option
@click.option("--sheets", is_flag=True, help="With the evidence sheet of everybody shown.")
@database_option
@json_option
def search(
    near: str,
    within: str,
    use: str,
    specialties: tuple[str, ...],
    sort: str,
    limit: int,
    sheets: bool,
    database: Path | None,
    as_json: bool,
) -> None:
    """List people near a place, with what public records say of them."""
    from glabella.providers import open_database
    from glabella.providers.search import search
    from glabella.providers.tables import find_use
    from glabella.providers.told import found_lines
    from glabella.providers.where import read_distance

    with open_database(database) as connection:
        found = search(connection, near, read_distance(within), find_use(use), sort=sort, specialties=specialties, limit=limit)
    if as_json:
        tell_json(found.to_json())
        return
    for line in found_lines(found, sheets=sheets):
        click.echo(line)


@providers.command()
@click.argument("place", metavar="PLACE")
@within_option
@use_option
@specialty_option
@limit_option
@click.option("--live", is_flag=True, help="Ask the public registry over the network; it learns the area asked for.")
@click.option("--table", metavar="FILE.csv", type=PATH, help="Look in a table of another country instead.")
@click.option("--address", hidden=True, help="Of the interface.")
@json_option
def near(
    place: str, within: str, use: str, specialties: tuple[str, ...], limit: int, live: bool, table: Path | None, address: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Take a quick look without ingest: at the public registry itself (--live), or in a table that you bring (--table)."""
    from glabella.errors import InputError
    from glabella.providers.csv_registry import CsvRegistry
    from glabella.providers.live import ADDRESS, Client, LiveRegistry
    from glabella.providers.registry import Registry
    from glabella.providers.tables import find_use
    from glabella.providers.told import listed_lines
    from glabella.providers.where import read_distance
    from glabella.providers.words import said_with_every_list

    if live == (table is not None):
        raise InputError("near: give --live to ask the public registry over the network, or --table FILE.csv; nothing is asked without it")
    wanted, distance = find_use(use), read_distance(within)
    with progress_line() as progress:
        registry: Registry
        if table is not None:
            registry = CsvRegistry.read(table)
        else:
            registry = LiveRegistry(Client(address or ADDRESS), lambda line: progress(line, 0.5))
        found = registry.listed(place, distance, wanted, specialties, limit)
    if as_json:
        tell_json(
            {
                "near": found.point,
                "for": wanted.name,
                "remarks": list(found.remarks),
                "practitioners": [one.to_json() for one in found.listings],
                **said_with_every_list(),
            }
        )
        return
    for line in listed_lines(found, distance, wanted):
        click.echo(line)


@providers.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--to", "folder", metavar="DIR", type=PATH, help="Folder for the files; in the user's data folder unless given.")
@click.option("--yes", is_flag=True, help="Fetch without asking; the sizes are printed all the same.")
@json_option
def fetch(names: tuple[str, ...], folder: Path | None, yes: bool, as_json: bool) -> None:
    """Get the current public files: says how large they are, asks, and goes on where it was interrupted.

    Without NAME all: national, national_update, deactivations, exclusions, clinicians, claims, opt_outs. Licence lists of states are
    fetched with a browser: docs/practitioners.md says where.
    """
    import shlex
    import sys

    from glabella.errors import InputError
    from glabella.files import data_folder
    from glabella.providers.fetch import ask_offers, fetch, find_public, told_size

    folder = folder or data_folder() / "public"
    offers = ask_offers(find_public(names))
    for offer in offers:
        click.echo(f"{offer.name}: {offer.title}, {offer.told_size}, {offer.address}", err=as_json)
    click.echo(f"together about {told_size(sum(offer.expected for offer in offers))}, into {folder}", err=as_json)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("fetch: nothing was fetched; give --yes to fetch what is listed")
        if not click.confirm("fetch them now?"):
            click.echo("nothing was fetched")
            return
    with progress_line() as progress:
        done = fetch(offers, folder, progress)
    if as_json:
        tell_json([{"name": one.name, "file": str(folder / one.file), "size": one.size, "sha256": one.sha256} for one in done])
        return
    for one in done:
        click.echo(f"{folder / one.file}: {told_size(one.size)}, sha256 {one.sha256}")
    click.echo(f"now: glabella providers ingest {' '.join(shlex.quote(str(folder / one.file)) for one in done)}")


@providers.command()
@click.argument("number", metavar="NUMBER")
@use_option
@database_option
@json_option
def show(number: str, use: str, database: Path | None, as_json: bool) -> None:
    """Show the evidence sheet of one person by registry number."""
    from glabella.providers import open_database, read_sheet
    from glabella.providers.search import list_sources
    from glabella.providers.tables import find_use
    from glabella.providers.told import closing_lines, points_lines, sheet_lines
    from glabella.providers.words import said_with_every_list

    with open_database(database) as connection:
        sheet = read_sheet(connection, number, find_use(use))
        sources = list_sources(connection)
    if as_json:
        tell_json({**sheet.to_json(), **said_with_every_list()})
        return
    for line in (*sheet_lines(sheet), "", *points_lines(sheet), "", *closing_lines(sources)):
        click.echo(line)


@providers.command()
@database_option
@json_option
def status(database: Path | None, as_json: bool) -> None:
    """Say which files are in the database, of which day, and which are old."""
    from glabella.providers import open_database, usual_database
    from glabella.providers.search import list_sources

    path = database or usual_database()
    with open_database(path) as connection:
        people = connection.execute("SELECT count(*) FROM person").fetchone()[0]
        sources = list_sources(connection)
    if as_json:
        tell_json({"database": str(path), "people": people, "sources": [one.to_json() for one in sources]})
        return
    click.echo(f"{path}: {people:,} people")
    for one in sources:
        click.echo(f"- {one.title}: {one.file}, as of {one.as_of} ({one.as_of_from}){f'; {one.old}' if one.old else ''}")


@providers.command()
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the files and the database; a new one unless given.")
@click.option(
    "--records", type=click.IntRange(100, 5_000_000), default=DEMO_RECORDS, show_default=True, help="Records of the national file."
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed invents the same people.")
def demo(out: Path | None, records: int, seed: int) -> None:
    """Try it with invented people: files in every format, ingested, and one search."""
    from glabella.files import check_folder
    from glabella.providers.fictional import write_files
    from glabella.providers.ingest import ingest
    from glabella.providers.told import taken_lines

    folder = check_folder(out) if out is not None else Path(tempfile.mkdtemp(prefix="glabella-providers-"))
    with progress_line() as progress:
        progress("inventing people", 0.0)
        written = write_files(folder / "files", records, seed, often=DEMO_OFTEN)
        taken = ingest(written.paths, folder / "providers.sqlite", None, progress)
    for line in taken_lines(taken):
        click.echo(line)
    place = "'Rochester, MN'"
    click.echo(f"everybody in {folder} is invented; try: glabella providers search --near {place} --database {folder / 'providers.sqlite'}")
