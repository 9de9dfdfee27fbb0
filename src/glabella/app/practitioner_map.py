"""The map of a list: outlines of states, the circle that was searched, a mark per ZIP centre. Nothing is asked of other machines."""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from glabella.providers.centres import shipped_rows
from glabella.providers.search import Found

WIDTH, HEIGHT = 720, 520
MARGIN = 1.18  # of the circle
EDGE, CLOSE = 24, 22  # pixels
KM_PER_DEGREE = 111.195
SCALES_KM = (1, 2, 5, 10, 20, 50, 100, 200, 500)
LONGEST_SCALE = 0.3  # of the width
MOST_NUMBERS = 3  # in a mark


def map_svg(found: Found, points: Sequence[tuple[float, float]]) -> str:
    """An SVG as text. ``points``: latitude and longitude of each hit, in the order of the list, whose numbers the marks carry."""
    place, radius_km = found.place, found.within.km
    half = MARGIN * radius_km / KM_PER_DEGREE  # in degrees of latitude
    scale = HEIGHT / (2 * half)  # pixels per degree of latitude
    squeeze = math.cos(math.radians(place.latitude))

    def at(latitude: float, longitude: float) -> tuple[float, float]:
        return WIDTH / 2 + (longitude - place.longitude) * squeeze * scale, HEIGHT / 2 - (latitude - place.latitude) * scale

    parts = [f'<path class="gl-map-land" d="{_land(at)}"/>']
    parts += [f'<text class="gl-map-state" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{state}</text>' for state, x, y in _state_names(at)]
    x, y = at(place.latitude, place.longitude)
    ring = radius_km / KM_PER_DEGREE * scale
    parts.append(f'<circle class="gl-map-ring" cx="{x:.1f}" cy="{y:.1f}" r="{ring:.1f}"/>')
    parts.append(f'<path class="gl-map-here" d="M{x - 8:.1f} {y:.1f}h16M{x:.1f} {y - 8:.1f}v16"/>')
    for (px, py), numbers in _marks([at(*point) for point in points]).items():
        words = ", ".join(map(str, numbers[:MOST_NUMBERS])) + (" ..." if len(numbers) > MOST_NUMBERS else "")
        size = 9 + 2 * min(math.sqrt(len(numbers)), 5)
        left = px > WIDTH - 90
        parts.append(f'<circle class="gl-map-mark" cx="{px:.1f}" cy="{py:.1f}" r="{size:.1f}"><title>{escape(words)}</title></circle>')
        parts.append(
            f'<text class="gl-map-number" x="{px + (-1 if left else 1) * (size + 4):.1f}" y="{py + 5:.1f}"'
            f' text-anchor="{"end" if left else "start"}">{escape(words)}</text>'
        )
    parts += _scale(scale)
    title = f"Map: {len(points)} listed within {found.within.told} of {found.place.words}"
    return (
        f'<svg class="gl-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


@cache
def outlines() -> dict[str, list[list[int]]]:
    """Rings of each state: flat lists of longitude and latitude in hundredths of a degree."""
    return json.loads(gzip.decompress(files("glabella.providers").joinpath("data", "states.json.gz").read_bytes()))


def _land(at) -> str:
    """One path of all rings that reach into the picture."""
    pieces = []
    for rings in outlines().values():
        for ring in rings:
            line = [at(latitude / 100, longitude / 100) for longitude, latitude in zip(ring[::2], ring[1::2], strict=True)]
            across, down = [x for x, _ in line], [y for _, y in line]
            if max(across) < -WIDTH or min(across) > 2 * WIDTH or max(down) < -HEIGHT or min(down) > 2 * HEIGHT:
                continue
            pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) + "Z")
    return "".join(pieces)


def _state_names(at) -> list[tuple[str, float, float]]:
    """Where the code of each state stands that can be seen: the middle of its ZIP centres in the picture."""
    seen = defaultdict(list)
    for _, state, latitude, longitude in shipped_rows():
        x, y = at(latitude, longitude)
        if EDGE < x < WIDTH - EDGE and EDGE < y < HEIGHT - EDGE:
            seen[state].append((x, y))
    return [(state, sum(x for x, _ in all_) / len(all_), sum(y for _, y in all_) / len(all_)) for state, all_ in sorted(seen.items())]


def _marks(points: Sequence[tuple[float, float]]) -> dict[tuple[float, float], list[int]]:
    """Numbers of the list by pixel; who would cover an earlier mark joins it."""
    found: dict[tuple[float, float], list[int]] = {}
    for number, point in enumerate(points, 1):
        near = next((mark for mark in found if math.dist(mark, point) < CLOSE), point)
        found.setdefault(near, []).append(number)
    return found


def _scale(pixels_per_degree: float) -> list[str]:
    per_km = pixels_per_degree / KM_PER_DEGREE
    km = max((one for one in SCALES_KM if one * per_km < LONGEST_SCALE * WIDTH), default=SCALES_KM[0])
    x, y = 18, HEIGHT - 18
    return [
        f'<path class="gl-map-scale" d="M{x} {y - 6}v6h{km * per_km:.1f}v-6"/>',
        f'<text class="gl-map-number" x="{x + 4}" y="{y - 8}">{km} km</text>',
    ]
