"""A quick look without any file: the public registry's own interface, asked slowly, and only when told to."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.errors import GlabellaError, InputError
from glabella.providers.centres import distance_km, shipped_centres
from glabella.providers.npi import is_npi
from glabella.providers.registry import Listed, Listing
from glabella.providers.search import chosen_families
from glabella.providers.sheet import told_name
from glabella.providers.sources.base import zip_number
from glabella.providers.sources.national import city_name, tier_of
from glabella.providers.tables import Use, families, specialty_of
from glabella.providers.where import Distance, Place, middle_of, read_city, read_place
from glabella.providers.words import board_link

ADDRESS = "https://npiregistry.cms.hhs.gov/api/"
PAGE, LAST_SKIP = 200, 1000  # the interface gives no more at once, and nothing beyond
PAUSE_SECONDS = 1.5
TIMEOUT_SECONDS = 15.0
TRIES = 3
LONGEST_WAIT_SECONDS = 30.0
MOST_REQUESTS = 60  # in one answer
LARGEST_REPLY = 20_000_000
LONGEST_REPLY_SECONDS = 60.0
AGENT = "glabella (open research software; asks on a person's own request)"
# what the interface's search by description is asked for; what comes back is judged by its code
DESCRIPTIONS: Mapping[str, str] = {
    "dermatology": "Dermatology", "plastic_surgery": "Plastic*", "facial_plastic_surgery": "Otolaryngology",
    "oculoplastic_surgery": "Ophthalmology", "neurology": "Neurology", "physical_medicine": "Physical Medicine*",
    "pain_medicine": "Pain Medicine", "ophthalmology": "Ophthalmology", "otolaryngology": "Otolaryngology", "urology": "Urology",
    "physician_assistant": "Physician Assistant", "nurse_practitioner": "Nurse Practitioner", "nurse": "Registered Nurse",
    "family_medicine": "Family Medicine", "internal_medicine": "Internal Medicine", "gynaecology": "Obstetrics*",
    "general_practice": "General Practice", "dentistry": "Dentist",
}  # fmt: skip
Tell = Callable[[str], None]


class LiveError(GlabellaError):
    """The public registry did not answer as it should."""


class _Again(Exception):
    """Worth another try; ``wait_seconds`` None: the usual time."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


@dataclass
class Client:
    """Asks the interface. One request at a time, with a pause between any two, and at most ``most_requests`` of them."""

    address: str = ADDRESS
    pause_seconds: float = PAUSE_SECONDS
    timeout_seconds: float = TIMEOUT_SECONDS
    most_requests: int = MOST_REQUESTS
    sleep: Callable[[float], None] = time.sleep
    asked: int = 0
    last: float = float("-inf")

    def records(self, **question: str) -> tuple[list[dict[str, Any]], bool]:
        """All records of a question, each number once, and whether there are more than the interface gives.

        Errors: LiveError where it refuses, does not answer, or answers with something else.
        """
        found: dict[str, dict[str, Any]] = {}
        for skip in range(0, LAST_SKIP + 1, PAGE):
            reply = self.page(**question, version="2.1", limit=str(PAGE), skip=str(skip))
            for record in reply:
                found.setdefault(str(record.get("number")), record)
            if len(reply) < PAGE:
                return list(found.values()), False
        return list(found.values()), True

    def page(self, **question: str) -> list[dict[str, Any]]:
        """One page of records; a bad moment is tried again. Errors: LiveError."""
        for number in range(TRIES):
            try:
                return self._once(question)
            except _Again as error:
                if number == TRIES - 1:
                    raise LiveError(f"public registry: {error}, {TRIES} times; try later, or ingest the files") from None
                wait = error.wait_seconds if error.wait_seconds is not None else self.pause_seconds * 2 ** (number + 1)
                self.sleep(min(wait, LONGEST_WAIT_SECONDS))
        raise AssertionError

    def _once(self, question: Mapping[str, str]) -> list[dict[str, Any]]:
        if self.asked >= self.most_requests:
            raise LiveError(
                f"public registry: more than {self.most_requests} requests would be needed; give a smaller --within, or ingest the files"
            )
        self.sleep(max(0.0, self.last + self.pause_seconds - time.monotonic()))
        self.asked += 1
        request = urllib.request.Request(f"{self.address}?{urllib.parse.urlencode(question)}", headers={"User-Agent": AGENT})
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                content = _read(answer, time.monotonic() + LONGEST_REPLY_SECONDS)
        except urllib.error.HTTPError as error:
            if error.code == 429 or error.code >= 500:
                raise _Again(f"answers with status {error.code}", _seconds(error.headers.get("Retry-After"))) from None
            raise LiveError(f"public registry: refuses with status {error.code}; try later, or ingest the files") from None
        except TimeoutError:
            raise _Again(f"no whole answer in time (each part within {self.timeout_seconds:g} s)") from None
        except (urllib.error.URLError, ConnectionError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise _Again(f"cannot be reached ({reason})") from None
        finally:
            self.last = time.monotonic()
        return _results(content)


def _read(answer: Any, until: float) -> bytes:
    """The whole reply, neither larger nor slower than a page may be: a time-out alone is started anew by every byte."""
    content = bytearray()
    while some := answer.read1(2**16):
        content += some
        if len(content) > LARGEST_REPLY:
            raise LiveError("public registry: answers with more than a page can hold; ingest the files instead")
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(content)


def _results(content: bytes) -> list[dict[str, Any]]:
    """The records of a reply; every refusal comes with status 200 and a list of errors."""
    try:
        reply = json.loads(content)
    except ValueError:
        raise _Again("answers with something that is no JSON") from None
    if not isinstance(reply, dict):
        raise LiveError("public registry: answers in another form than documented; ingest the files instead")
    if errors := reply.get("Errors"):
        said = "; ".join(str(one.get("description", one)) if isinstance(one, dict) else str(one) for one in errors)
        raise LiveError(f"public registry: refuses the question: {said}")
    results = reply.get("results")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise LiveError("public registry: answers in another form than documented; ingest the files instead")
    return results


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


@dataclass(frozen=True)
class LiveRegistry:
    """The public registry as a register. ``tell`` hears of every question."""

    client: Client
    tell: Tell = lambda line: None

    def listed(self, near: str, within: Distance, use: Use, specialties: Sequence[str] = (), limit: int = 20) -> Listed:
        """As the protocol says. Errors: LiveError."""
        centres = shipped_centres()
        city = read_city(near)
        place = self._city(near.partition(",")[0].strip(), *city) if city else read_place(near, centres)
        zips, _ = centres.within(place.latitude, place.longitude, within.km)
        chosen = chosen_families(specialties, use)
        if not len(zips):
            raise InputError(f"--near {near}: no ZIP code lies within that distance; give --within more")
        prefixes = sorted({f"{code // 100:03d}" for code in zips.tolist()})
        descriptions = sorted({DESCRIPTIONS[name] for name in chosen if name in DESCRIPTIONS})
        found: dict[str, tuple[float, Listing]] = {}
        cut = []
        for prefix in prefixes:
            for description in descriptions:
                self.tell(f"asking for {description} in {prefix}")
                records, more = self.client.records(
                    enumeration_type="NPI-1",
                    address_purpose="LOCATION",
                    country_code="US",
                    postal_code=f"{prefix}*",
                    taxonomy_description=description,
                )
                if more:
                    cut.append(f"{description} in ZIP codes {prefix}..")
                for record in records:
                    for listing in _listings(record, place.latitude, place.longitude, within.km, chosen):
                        known = found.get(listing.identifier)
                        if known is None or listing.km < known[0]:
                            found[listing.identifier] = (listing.km, listing)
        order = sorted((km, identifier) for identifier, (km, _) in found.items())[:limit]
        remarks = ["asked of the public registry just now: no counts, exclusions or state lists; exclusions are only known from their file"]
        if cut:
            remarks.append(f"cut off by the registry at {LAST_SKIP + PAGE} records, so some may be missing: {', '.join(cut)}")
        return Listed(place.words, tuple(found[identifier][1] for _, identifier in order), tuple(remarks))


    def _city(self, given: str, city: str, state: str) -> Place:
        """The middle of a city as the registry's own addresses have it: one question."""
        self.tell(f"asking where {city.title()}, {state} is")
        records = self.client.page(
            version="2.1", limit=str(PAGE), enumeration_type="NPI-1", address_purpose="LOCATION", country_code="US", city=given, state=state
        )
        places = [place for record in records for place in record.get("addresses") or [] if place.get("address_purpose") == "LOCATION"]
        codes = Counter(zip_number(str(one.get("postal_code", ""))) for one in places if city_name(str(one.get("city", ""))) == city)
        found = middle_of(city, state, [(code, people) for code, people in codes.items() if code is not None], shipped_centres())
        if found is None:
            raise InputError(f"--near '{given}, {state}': the public registry has no practice in a city of that name; give a ZIP code")
        return found


def _listings(record: Mapping[str, Any], latitude: float, longitude: float, radius_km: float, chosen: Sequence[str]) -> Iterator[Listing]:
    """Practice places of one record within the radius; none for a wrong number, an ended one, or another profession."""
    number = str(record.get("number", ""))
    basic = record.get("basic") or {}
    codes = [one for one in record.get("taxonomies") or [] if isinstance(one, dict) and one.get("code")]
    if not is_npi(number) or basic.get("status", "A") != "A" or not any(specialty_of(one["code"]) for one in codes):
        return
    family_number, _, primary_listed = tier_of([(one["code"], bool(one.get("primary"))) for one in codes])
    family = "other" if family_number < 0 else families()[family_number]
    if family not in chosen:
        return
    labels = list(dict.fromkeys(one.label for code in codes if (one := specialty_of(code["code"])) is not None))
    places = [one for one in record.get("addresses") or [] if one.get("address_purpose") == "LOCATION"]
    for place in [*places, *(record.get("practiceLocations") or [])]:
        code = zip_number(str(place.get("postal_code", "")))
        if code is None or (place.get("country_code") or "US") != "US":
            continue
        centre = shipped_centres().find(code)
        point = centre[:2] if centre else shipped_centres().mean_near(code)
        if point is None:
            continue
        km = float(distance_km(latitude, longitude, np.array(point[:1]), np.array(point[1:]))[0])
        if km > radius_km:
            continue
        state = str(place.get("state", ""))
        licences = [str(one["license"]) for one in codes if one.get("license") and one.get("state") == state]
        told = (
            f"reports number {', '.join(dict.fromkeys(licences))}; unknown whether active"
            if licences
            else f"unknown: no number for {state}"
        )
        facts = (
            (
                "specialty",
                f"lists {', '.join(labels)}{'' if primary_listed else '; none is marked as the primary one'}; chosen by the person",
            ),
            ("licence", f"{told}; check with the state board"),
            (
                "record",
                f"in the registry since {basic.get('enumeration_date', 'unknown')}, last updated {basic.get('last_updated', 'unknown')}",
            ),
        )
        yield Listing(
            number, told_name(f"{basic.get('first_name', '')} {basic.get('last_name', '')}".strip()), str(basic.get("credential") or ""),
            labels[0], told_name(str(place.get("city", ""))), state, f"{code:05d}", km, facts, "public registry", "",
            board_link(state, family),
        )  # fmt: skip
