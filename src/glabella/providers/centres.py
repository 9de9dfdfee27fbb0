"""Where ZIP codes are: the centres that ship with the project, distances on the sphere, and codes that have no centre of their own."""

import csv
import gzip
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

EARTH_RADIUS_KM = 6371.0088
KM_PER_MILE = 1.609344


@dataclass(frozen=True)
class Centres:
    """Centres of ZIP codes, sorted by code: ``zips`` (n,) whole numbers, ``latitude`` and ``longitude`` (n,) degrees.

    ``exact`` (n,): False where the centre is the mean of the codes with the same first three digits.
    """

    zips: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    exact: np.ndarray

    def find(self, zip_code: int) -> tuple[float, float, bool] | None:
        """Latitude, longitude and whether they are the code's own; None for a code that is not there."""
        at = int(np.searchsorted(self.zips, zip_code))
        if at == len(self.zips) or self.zips[at] != zip_code:
            return None
        return float(self.latitude[at]), float(self.longitude[at]), bool(self.exact[at])

    def mean_near(self, zip_code: int) -> tuple[float, float] | None:
        """Mean of the codes with the same first three digits; None where there is none."""
        first, last = np.searchsorted(self.zips, [zip_code // 100 * 100, zip_code // 100 * 100 + 100])
        own = self.exact[first:last]
        if not own.any():
            return None
        return float(self.latitude[first:last][own].mean()), float(self.longitude[first:last][own].mean())

    def with_rows(self, rows: list[tuple[int, float, float, bool]]) -> "Centres":
        """With more codes; a code that is there already takes the new place."""
        found = {code: (lat, lon, own) for code, lat, lon, own in zip(*map(np.ndarray.tolist, self.arrays()), strict=True)}
        found |= {code: (lat, lon, own) for code, lat, lon, own in rows}
        return centres_of([(code, *place) for code, place in sorted(found.items())])

    def within(self, latitude: float, longitude: float, radius_km: float) -> tuple[np.ndarray, np.ndarray]:
        """Codes (k,) within the radius and their distances (k,) km, nearest first, the lower code first where equal."""
        gaps = distance_km(latitude, longitude, self.latitude, self.longitude)
        near = np.flatnonzero(gaps <= radius_km)
        order = near[np.lexsort((self.zips[near], gaps[near]))]
        return self.zips[order], gaps[order]

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All four."""
        return self.zips, self.latitude, self.longitude, self.exact


def centres_of(rows: list[tuple[int, float, float, bool]]) -> Centres:
    """From rows sorted by code."""
    table = np.array([row[:3] for row in rows], float).reshape(-1, 3)
    return Centres(table[:, 0].astype(np.int64), table[:, 1].copy(), table[:, 2].copy(), np.array([row[3] for row in rows], bool))


def distance_km(latitude: float, longitude: float, latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Great-circle distance from one place to places (n,), all in degrees."""
    here, there = np.radians(latitude), np.radians(latitudes)
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(np.radians(longitudes - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


@cache
def shipped_rows() -> tuple[tuple[int, str, float, float], ...]:
    """The shipped table: ZIP code, state, latitude, longitude."""
    packed = files("glabella.providers").joinpath("data", "zip_centres.csv.gz").read_bytes()
    rows = csv.reader(io.StringIO(gzip.decompress(packed).decode()))
    next(rows)
    return tuple((int(code), state, float(latitude), float(longitude)) for code, state, latitude, longitude in rows)


@cache
def shipped_centres() -> Centres:
    """The shipped table as arrays."""
    return centres_of([(code, latitude, longitude, True) for code, _, latitude, longitude in shipped_rows()])
