"""Places as people write them: '55902', 'Rochester, MN', '44.02,-92.47'; and distances such as '50km' or '30 mi'."""

import difflib
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from glabella.errors import InputError, nearest
from glabella.providers.centres import KM_PER_MILE, Centres
from glabella.providers.sources.national import city_name
from glabella.providers.tables import boards

UNITS = {"km": 1.0, "kilometres": 1.0, "kilometers": 1.0, "mi": KM_PER_MILE, "mile": KM_PER_MILE, "miles": KM_PER_MILE}
MOST_KM = 1000.0


@dataclass(frozen=True)
class Place:
    """Where to look from. ``words`` say what the point is, for people."""

    latitude: float
    longitude: float
    words: str


@dataclass(frozen=True)
class Distance:
    """A radius in ``km``, and the unit in which distances are told."""

    km: float
    unit: str = "km"

    @property
    def told(self) -> str:
        """'50 km'."""
        return f"{self.km / UNITS[self.unit]:g} {self.unit}"

    def tell(self, km: float) -> str:
        """'about 12 km': distances are between centres of ZIP codes, so no decimals."""
        return f"about {round(km / UNITS[self.unit])} {self.unit}"


def read_distance(text: str) -> Distance:
    """Errors: InputError with the form that is expected."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", text.lower())
    if not found or found[2] not in UNITS:
        raise InputError(f"--within {text}: must be a distance such as 50km or 30mi")
    km = float(found[1]) * UNITS[found[2]]
    if not 0 < km <= MOST_KM:
        raise InputError(
            f"--within {text}: outside the allowed range; allowed: above 0 and at most {MOST_KM:g} km ({MOST_KM / KM_PER_MILE:.0f} mi)"
        )
    return Distance(km, "km" if UNITS[found[2]] == 1 else "mi")


def read_place(text: str, centres: Centres, database: sqlite3.Connection | None = None) -> Place:
    """A ZIP code, a city of the registry with its state, or latitude and longitude. Errors: InputError with the nearest name."""
    given = text.strip()
    if found := re.fullmatch(r"(\d{5})(-?\d{4})?", given):
        return _zip(found[1], centres)
    if found := re.fullmatch(r"([-+]?\d+(?:\.\d+)?)\s*,\s*([-+]?\d+(?:\.\d+)?)", given):
        latitude, longitude = float(found[1]), float(found[2])
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise InputError(f"--near {text}: latitude must be -90 to 90 and longitude -180 to 180 degrees")
        return Place(latitude, longitude, f"{latitude:.2f}, {longitude:.2f}")
    if found := read_city(text):
        return _city(*found, centres, database)
    raise InputError(
        f"--near {text}: must be a ZIP code such as 55902, a city with its state such as 'Rochester, MN', or 'latitude,longitude'"
    )


def _zip(code: str, centres: Centres) -> Place:
    own = centres.find(int(code))
    if own is not None and own[2]:
        return Place(own[0], own[1], f"centre of ZIP {code}")
    mean = own[:2] if own is not None else centres.mean_near(int(code))
    if mean is None:
        raise InputError(f"--near {code}: no such ZIP code is known; give a neighbouring one, or a city with its state")
    return Place(*mean, f"middle of the ZIP codes that begin with {code[:3]}, as {code} has no area of its own")


def _state(text: str, given: str) -> str:
    name = text.strip().replace(".", "")
    if name.upper() in boards():
        return name.upper()
    names = {board.name.lower(): code for code, board in boards().items()}
    if name.lower() in names:
        return names[name.lower()]
    raise InputError(
        f"--near {given}: state '{name}' is unknown; {nearest(name.upper() if len(name) == 2 else name.title(), _states(name))}"
    )


def _states(name: str) -> list[str]:
    return list(boards()) if len(name) <= 2 else [board.name for board in boards().values()]


def read_city(text: str) -> tuple[str, str] | None:
    """City as it is looked up and the state's code from 'Rochester, MN'; None for text of another form. Errors: InputError."""
    found = re.fullmatch(r"(.+?)\s*,\s*([A-Za-z .]+)", text.strip())
    return None if found is None else (city_name(found[1]), _state(found[2], text))


def middle_of(city: str, state: str, zips: Iterable[tuple[int, int]], centres: Centres) -> Place | None:
    """The middle of a city's practice addresses, from ZIP codes and how many people practise there; None without any."""
    placed = [(centre, people) for code, people in zips if (centre := centres.find(code)) is not None]
    if not placed:
        return None
    weights = np.array([people for _, people in placed], float)
    points = np.array([centre[:2] for centre, _ in placed])
    latitude, longitude = (weights @ points) / weights.sum()
    return Place(float(latitude), float(longitude), f"middle of the practice addresses in {city.title()}, {state}")


def _city(city: str, state: str, centres: Centres, database: sqlite3.Connection | None) -> Place:
    given = f"--near '{city.title()}, {state}'"
    if database is None:
        raise InputError(f"{given}: cities are known from the registry's file; give a ZIP code")
    place = middle_of(city, state, database.execute("SELECT zip, people FROM city WHERE state = ? AND name = ?", (state, city)), centres)
    if place is None:
        known = [row[0].title() for row in database.execute("SELECT DISTINCT name FROM city WHERE state = ? ORDER BY name", (state,))]
        close = difflib.get_close_matches(city.title(), known, n=3)
        hint = f"did you mean {' or '.join(repr(name) for name in close)}, or" if close else "correct it, or"
        raise InputError(f"{given}: no practice address names that city; {hint} give a ZIP code")
    return place
