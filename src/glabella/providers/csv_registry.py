"""A register of another country from a table that the user brings: one row per person and place."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glabella.errors import InputError, nearest
from glabella.files import read_text
from glabella.providers.centres import distance_km
from glabella.providers.registry import Listed, Listing
from glabella.providers.tables import Use
from glabella.providers.where import Distance

NEEDED = ("id", "name", "latitude", "longitude")
SHORT = {"lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude", "zip": "postcode", "state": "region"}
KNOWN = (*NEEDED, "credential", "specialty", "city", "region", "postcode", "licence", "licence_status", "source", "as_of", "check", "uses")
FACTS = ("licence", "licence_status")


@dataclass(frozen=True)
class CsvRegistry:
    """Rows of a table; columns beyond the known ones are not read, so that nothing is shown by accident."""

    path: Path
    rows: tuple[dict[str, str], ...]
    latitude: np.ndarray
    longitude: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "CsvRegistry":
        """From a CSV file in UTF-8 with the columns id, name, latitude, longitude and any of the known ones. Errors: InputError."""
        what = "register"
        reader = csv.DictReader(io.StringIO(read_text(path, what).removeprefix("\ufeff")))
        names = {name: SHORT.get(name.strip().lower(), name.strip().lower()) for name in reader.fieldnames or ()}
        for needed in NEEDED:
            if needed not in names.values():
                raise InputError(f"{what} {path}: the column '{needed}' is missing; {nearest(needed, list(names) or ['none'])}")
        rows, points = [], []
        for number, row in enumerate(reader, 2):
            kept = {names[name]: (value or "").strip() for name, value in row.items() if name in names and names[name] in KNOWN}
            try:
                point = float(kept["latitude"]), float(kept["longitude"])
            except ValueError:
                raise InputError(f"{what} {path}: line {number}: latitude and longitude must be numbers in degrees") from None
            if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180) or point == (0.0, 0.0):
                raise InputError(
                    f"{what} {path}: line {number}: {point[0]:g}, {point[1]:g} is no place of a practice; correct or remove it"
                )
            if not kept["id"] or not kept["name"]:
                raise InputError(f"{what} {path}: line {number}: 'id' and 'name' must not be empty")
            rows.append(kept)
            points.append(point)
        if not rows:
            raise InputError(f"{what} {path}: has no row")
        table = np.array(points)
        return cls(path, tuple(rows), table[:, 0], table[:, 1])

    def listed(self, near: str, within: Distance, use: Use, specialties: Sequence[str] = (), limit: int = 20) -> Listed:
        """As the protocol says; ``near`` is 'latitude,longitude' or a city or postcode of the table."""
        latitude, longitude, words = self._place(near)
        gaps = distance_km(latitude, longitude, self.latitude, self.longitude)
        wanted = [name.lower().replace("_", " ") for name in specialties]
        found = []
        for at in np.flatnonzero(gaps <= within.km):
            row = self.rows[at]
            does = row.get("uses", "").split()
            if (does and use.name not in does) or (wanted and row.get("specialty", "").lower() not in wanted):
                continue
            found.append((float(gaps[at]), row["id"], row))
        nearest_of = {identifier: (km, row) for km, identifier, row in sorted(found, key=lambda one: one[:2], reverse=True)}
        order = sorted((km, identifier) for identifier, (km, _) in nearest_of.items())[:limit]
        return Listed(words, tuple(self._listing(km, nearest_of[identifier][1]) for km, identifier in order), ())

    def _place(self, near: str) -> tuple[float, float, str]:
        if given := re.fullmatch(r"\s*([-+]?\d+(?:\.\d+)?)\s*,\s*([-+]?\d+(?:\.\d+)?)\s*", near):
            return float(given[1]), float(given[2]), f"{float(given[1]):.2f}, {float(given[2]):.2f}"
        text = near.strip().lower()
        for column in ("postcode", "city"):
            own = [at for at, row in enumerate(self.rows) if row.get(column, "").lower() == text]
            if own:
                return float(self.latitude[own].mean()), float(self.longitude[own].mean()), f"middle of the places in {near.strip()}"
        cities = sorted({row.get("city", "") for row in self.rows} - {""})
        raise InputError(
            f"--near {near}: no city or postcode of {self.path.name}; {nearest(near, cities or ['none'])}; or give latitude,longitude"
        )

    def _listing(self, km: float, row: dict[str, str]) -> Listing:
        facts = tuple((topic.replace("_", " "), row[topic]) for topic in FACTS if row.get(topic))
        told = facts or (("licence", "unknown: not in this table"),)
        get = row.get
        return Listing(
            row["id"], row["name"], get("credential", ""), get("specialty", ""), get("city", ""), get("region", ""),
            get("postcode", ""), km, told, get("source") or self.path.name, get("as_of", ""), get("check", ""),
        )  # fmt: skip
