"""Gets the public files: only when told to, after saying how large they are; resumable, with checksums kept beside them."""

import hashlib
import http.client
import json
import os
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import Any

from glabella.errors import GlabellaError, InputError, nearest
from glabella.files import write_file

AGENT = "glabella (open research software; fetches on a person's own request)"
CHUNK = 2**20
TIMEOUT_SECONDS = 60.0
TRIES = 4  # in a row without a byte
PAUSE_SECONDS = 1.0  # after a break, and twice as long after each that brought nothing
ENDS = ("", ".part")
LIST_FILE = "fetched.json"
Progress = Callable[[str, float], None]


class FetchError(GlabellaError):
    """A public file could not be fetched."""


@dataclass(frozen=True)
class Public:
    """A public file. ``address``: of the file itself, or of a page that links the newest one in a form that ``pattern`` fits.

    ``catalogued``: the title under which the page, a catalogue in JSON, lists the file, whatever the file is called.
    ``usual_mb``: about how large it was when last seen, for servers that do not say.
    """

    name: str
    title: str
    address: str
    pattern: str
    usual_mb: float
    catalogued: str = ""


PUBLIC = (
    Public("national", "National provider file, monthly", "https://download.cms.gov/nppes/NPI_Files.html",
           r"NPPES_Data_Dissemination_[A-Z][a-z]+_\d{4}_V2\.zip", 1100),
    Public("national_update", "National provider file, newest week", "https://download.cms.gov/nppes/NPI_Files.html",
           r"NPPES_Data_Dissemination_\d{6}_\d{6}_Weekly_V2\.zip", 8),
    Public("deactivations", "Deactivated numbers", "https://download.cms.gov/nppes/NPI_Files.html",
           r"NPPES_Deactivated_NPI_Report_\d{6}_V2\.zip", 3),
    Public("exclusions", "Exclusions from federal health programmes", "https://oig.hhs.gov/exclusions/downloadables/UPDATED.csv", "", 16),
    Public("clinicians", "Doctors and Clinicians",
           "https://data.cms.gov/provider-data/api/1/metastore/schemas/dataset/items/mj5m-pzi6", r"DAC_NationalDownloadableFile\.csv", 800),
    Public("claims", "Medicare Part B by provider and service, newest year", "https://data.cms.gov/data.json",
           r"(?:MUP_)?PHY_R\d\d_P05_V\d+_D\d\d_Prov_Svc\.csv", 3000),
    Public("opt_outs", "Opt-out affidavits", "https://data.cms.gov/data.json", "", 6, "Opt Out Affidavits"),
)  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A file as its server offers it now. ``size`` in bytes, None where the server does not say; then ``usual_mb`` is a guess."""

    name: str
    title: str
    address: str
    size: int | None
    validator: str
    modified: str
    usual_mb: float = 0.0

    @property
    def told_size(self) -> str:
        """'1.1 GB', or what it was when last seen."""
        return told_size(self.size) if self.size is not None else f"about {told_size(int(self.usual_mb * 1e6))} (the server does not say)"

    @property
    def expected(self) -> int:
        """Bytes to expect."""
        return self.size if self.size is not None else int(self.usual_mb * 1e6)


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched: its checksum is our own, since the publishers give none."""

    name: str
    file: str
    address: str
    size: int
    sha256: str
    validator: str
    modified: str
    fetched: str


def find_public(names: Sequence[str], public: Sequence[Public] = PUBLIC) -> list[Public]:
    """Files by name, all without any. Errors: InputError that names the nearest."""
    known = {one.name: one for one in public}
    for name in names:
        if name not in known:
            raise InputError(f"file '{name}': unknown; {nearest(name, known)}")
    return [known[name] for name in (names or known)]


def ask_offers(wanted: Sequence[Public]) -> list[Offer]:
    """What the servers offer, without fetching it. Errors: FetchError."""
    return [_offer(one) for one in wanted]


def told_size(size: int) -> str:
    """'1.1 GB'."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def fetch(offers: Sequence[Offer], folder: Path, progress: Progress | None = None) -> list[Fetched]:
    """Fetch into a folder. What is there already with its checksum, and unchanged, is not fetched again; a part goes on where it ended.

    Errors: FetchError for a server that fails, a file that is cut short, and a full disk; what was fetched stays.
    """
    progress = progress or (lambda step, share: None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"folder {folder}: cannot be made ({(error.strerror or str(error)).lower()}); name another with --to") from None
    known = read_list(folder)
    _check_room(offers, folder)
    done = []
    for offer in offers:
        name = _file(offer)
        path, before = folder / name, known.get(name)
        if before and _same(before, offer) and path.is_file() and path.stat().st_size == before.size and _digest(path) == before.sha256:
            progress(f"{name} is there", 1.0)
        else:
            _download(offer, path, progress)
            _check_archive(path)
            size, digest = path.stat().st_size, _digest(path)
            _date(path, offer.modified)
            stamp = datetime.now(UTC).isoformat(timespec="seconds")
            before = Fetched(offer.name, name, offer.address, size, digest, offer.validator, offer.modified, stamp)
            known[name] = before
            text = json.dumps({file: asdict(one) for file, one in sorted(known.items())}, indent=1) + "\n"
            write_file(folder / LIST_FILE, text, "list of fetched files")
        done.append(before)
    return done


def read_list(folder: Path) -> dict[str, Fetched]:
    """What was fetched before, by file name; nothing where the list cannot be read."""
    try:
        rows = json.loads((folder / LIST_FILE).read_text("utf-8"))
        return {name: Fetched(**row) for name, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def check_fetched(folder: Path) -> list[str]:
    """Files of the list whose content is no longer what was fetched."""
    return [name for name, one in read_list(folder).items() if not (folder / name).is_file() or _digest(folder / name) != one.sha256]


def _check_room(offers: Sequence[Offer], folder: Path) -> None:
    """Errors: FetchError where what is still to come does not fit on the disk."""
    new = [offer for offer in offers if not any((folder / f"{_file(offer)}{end}").exists() for end in ENDS)]
    needed, free = sum(offer.expected for offer in new), shutil.disk_usage(folder).free
    if needed > free:
        raise FetchError(
            f"folder {folder}: {told_size(needed)} are to come and {told_size(free)} are free; make room, or name another with --to"
        )


def _file(offer: Offer) -> str:
    return urllib.parse.unquote(urllib.parse.urlsplit(offer.address).path.rsplit("/", 1)[-1]) or offer.name


def _date(path: Path, modified: str) -> None:
    """The file's time is the publisher's, so that a file without a day in its name still tells what day it is of."""
    try:
        seconds = parsedate_to_datetime(modified).timestamp()
        os.utime(path, (seconds, seconds))
    except (ValueError, TypeError, OSError, OverflowError):
        return


def _offer(one: Public) -> Offer:
    address = one.address
    if one.pattern or one.catalogued:
        with _open(one.address) as page:
            text = page.read(200 * CHUNK).decode("utf-8", "replace").replace("\\/", "/")
        links = re.findall(r"[^\s\"'<>]*" + one.pattern, text) if one.pattern else _catalogued(text, one.catalogued)
        if not links:
            raise FetchError(f"{one.title}: no link of that name on {one.address}; fetch it with a browser and ingest it")
        address = urllib.parse.urljoin(one.address, _newest(links) if one.pattern else links[-1])
    with _open(address, method="HEAD") as answer:
        length = answer.headers.get("Content-Length")
        validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        size = int(length) if length else None
        return Offer(one.name, one.title, address, size, validator, answer.headers.get("Last-Modified") or "", one.usual_mb)


def _catalogued(text: str, title: str) -> list[str]:
    """Addresses of the tables of a data set in a catalogue (DCAT), the newest last."""
    try:
        sets = json.loads(text)["dataset"]
        tables = [table for one in sets if one.get("title") == title for table in one.get("distribution", ())]
        found = [(table.get("modified", ""), table["downloadURL"]) for table in tables if table.get("mediaType") == "text/csv"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [address for _, address in sorted(found)]


def _newest(links: Sequence[str]) -> str:
    """The last by year and month in its name, the last on the page where names do not tell."""
    months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]

    def age(place: int) -> tuple[Any, ...]:
        name = links[place].rsplit("/", 1)[-1]
        if found := re.search(r"_([A-Z][a-z]+)_(\d{4})_", name):
            return int(found[2]), months.index(found[1]) if found[1] in months else -1, 0, place
        if found := re.findall(r"_(\d\d)(\d\d)(\d\d)(?=_)", name):
            month, day, year = found[-1]
            return int(year), int(month), int(day), place
        if found := re.search(r"_R(\d\d)_P\d+_V(\d+)_D(\d\d)_", name):
            return int(found[3]), int(found[1]), int(found[2]), place
        return 0, 0, 0, place

    return links[max(range(len(links)), key=age)]


def _same(before: Fetched, offer: Offer) -> bool:
    return before.address == offer.address and before.validator == offer.validator and offer.size in (None, before.size)


def _download(offer: Offer, path: Path, progress: Progress) -> None:
    """Into a part beside the file; a part of the same version goes on."""
    part, mark = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.json")
    version = json.dumps([offer.address, offer.validator, offer.size])
    if not part.exists() or not offer.validator or not mark.exists() or mark.read_text("utf-8") != version:
        part.unlink(missing_ok=True)
        write_file(mark, version, "mark of a part")
    if offer.size is not None and part.exists() and part.stat().st_size > offer.size:
        part.unlink()  # no range of the file begins there
    broken = 0  # times in a row that brought nothing
    while broken < TRIES:
        before = part.stat().st_size if part.exists() else 0
        try:
            _append(offer, part, progress)
            break
        except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
            broken = 0 if part.exists() and part.stat().st_size > before else broken + 1
            if broken == TRIES:
                reason = getattr(error, "reason", error)
                raise FetchError(f"{path.name}: the server does not go on ({reason}); the same command continues later") from None
            sleep(PAUSE_SECONDS * 2**broken)
        except OSError as error:
            raise FetchError(f"{path.name}: cannot be written ({error.strerror}); make room, the same command goes on") from None
    size = part.stat().st_size
    if offer.size is not None and size != offer.size:
        part.unlink()
        mark.unlink(missing_ok=True)
        raise FetchError(f"{path.name}: {size:,} bytes came where {offer.size:,} were promised; run the same command again")
    part.replace(path)
    mark.unlink(missing_ok=True)


def _append(offer: Offer, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if offer.size is not None and have == offer.size:
        return
    headers = {"Range": f"bytes={have}-", "If-Range": offer.validator} if have else {}
    with _open(offer.address, headers=headers) as answer:
        going_on = have > 0 and answer.status == 206
        with part.open("ab" if going_on else "wb") as stream:
            got = have if going_on else 0
            expected = got + int(answer.headers["Content-Length"]) if answer.headers.get("Content-Length") else None
            while chunk := answer.read(CHUNK):
                stream.write(chunk)
                got += len(chunk)
                progress(f"fetching {part.name.removesuffix('.part')}", got / offer.size if offer.size else 0.5)
    if expected is not None and got < expected:
        raise ConnectionError("the connection ended early")


def _check_archive(path: Path) -> None:
    """Errors: FetchError for an archive that does not open; the file is removed."""
    if path.suffix != ".zip":
        return
    try:
        with zipfile.ZipFile(path) as archive:
            archive.infolist()
    except zipfile.BadZipFile:
        path.unlink()
        raise FetchError(f"{path.name}: what came is no archive; run the same command again") from None


def _open(address: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(address, method=method, headers={"User-Agent": AGENT, **(headers or {})})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if headers is not None and (error.code == 429 or error.code >= 500):
            raise ConnectionError(f"status {error.code}") from None  # a bad moment of a file that is under way
        raise FetchError(f"{address}: the server refuses with status {error.code}; try later, or fetch it with a browser") from None
    except urllib.error.URLError as error:
        if headers is None:
            raise FetchError(f"{address}: cannot be reached ({error.reason}); check the connection, or fetch it with a browser") from None
        raise


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
