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
from glabella.providers.where import UNITS

WIDTH, HEIGHT = 480, 390
MARGIN = 1.18  # of the circle
EDGE, CLOSE = 24, 40  # pixels
ALONE, TOGETHER = 13, 21  # pixels: radii of marks
LEAST_KM, BEYOND, WHOLE_SHARE = 4.0, 1.25, 0.7  # of the circle less is shown where everybody listed is close
KM_PER_DEGREE = 111.195
SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # in the unit that distances are told in
LONGEST_SCALE = 0.3  # of the width
SCALE_AT = (18, HEIGHT - 18)


def map_svg(found: Found, points: Sequence[tuple[float, float]]) -> str:
    """An SVG as text. ``points``: latitude and longitude of each hit, in the order of the list, whose numbers the marks carry."""
    place, radius_km = found.place, found.within.km
    half = MARGIN * _reach_km(found) / KM_PER_DEGREE  # in degrees of latitude
    scale = HEIGHT / (2 * half)  # pixels per degree of latitude
    squeeze = math.cos(math.radians(place.latitude))

    def at(latitude: float, longitude: float) -> tuple[float, float]:
        return WIDTH / 2 + (longitude - place.longitude) * squeeze * scale, HEIGHT / 2 - (latitude - place.latitude) * scale

    parts = [f'<path class="gl-map-land" d="{_land(at)}"/>']
    x, y = at(place.latitude, place.longitude)
    marks = _marks([at(*point) for point in points])
    dots = _zip_dots(at)
    parts.append(f'<path class="gl-map-zips" d="{"".join(f"M{dx:.0f} {dy:.0f}h0" for _, dx, dy in dots)}"/>')
    parts += [
        f'<text class="gl-map-state" x="{sx:.0f}" y="{sy + 7:.0f}" text-anchor="middle">{state}</text>'
        for state, sx, sy in _state_names(dots, [(x, y), SCALE_AT, *marks])
    ]
    ring = radius_km / KM_PER_DEGREE * scale
    parts.append(f'<circle class="gl-map-ring" cx="{x:.1f}" cy="{y:.1f}" r="{ring:.1f}"/>')
    parts.append(f'<path class="gl-map-here" d="M{x - 8:.1f} {y:.1f}h16M{x:.1f} {y - 8:.1f}v16"/>')
    for (px, py), numbers in marks.items():
        names = "; ".join(f"{number} {found.hits[number - 1].sheet.name}" for number in numbers)
        words = f"{numbers[0]}+{len(numbers) - 1}" if len(numbers) > 1 else f"{numbers[0]}"
        parts.append(
            f'<a href="#person-{numbers[0]}" aria-label="{escape(names, quote=True)}"><title>{escape(names)}</title>'
            f'<circle class="gl-map-mark" cx="{px:.1f}" cy="{py:.1f}" r="{TOGETHER if len(numbers) > 1 else ALONE}"/>'
            f'<text class="gl-map-in-mark" x="{px:.1f}" y="{py + 4.5:.1f}" text-anchor="middle">{words}</text></a>'
        )
    parts += _scale(scale, found.within.unit)
    title = f"Map: {len(points)} listed within {found.within.told} of {found.place.words}"
    return (
        f'<svg class="gl-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{escape(title, quote=True)}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _reach_km(found: Found) -> float:
    """What the picture has to show: the circle, or less of it where everybody listed is close."""
    farthest = max((hit.km for hit in found.hits), default=found.within.km)
    reach = max(BEYOND * farthest, LEAST_KM)
    return reach if reach < WHOLE_SHARE * found.within.km else found.within.km


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


def _zip_dots(at) -> list[tuple[str, float, float]]:
    """State and place of every ZIP centre in the picture: where they are dense is a town."""
    found = ((state, *at(latitude, longitude)) for _, state, latitude, longitude in shipped_rows())
    return [(state, x, y) for state, x, y in found if 0 < x < WIDTH and 0 < y < HEIGHT]


def _state_names(dots: Sequence[tuple[str, float, float]], taken: Sequence[tuple[float, float]]) -> list[tuple[str, float, float]]:
    """Where the code of each state stands that can be seen: at the ZIP centre that is farthest from all marks."""
    seen = defaultdict(list)
    for state, x, y in dots:
        if EDGE < x < WIDTH - EDGE and EDGE < y < HEIGHT - EDGE:
            seen[state].append((x, y))
    farthest = {state: max(places, key=lambda one: min(math.dist(one, mark) for mark in taken)) for state, places in seen.items()}
    return [(state, *place) for state, place in sorted(farthest.items())]


def _marks(points: Sequence[tuple[float, float]]) -> dict[tuple[float, float], list[int]]:
    """Numbers of the list by pixel; who would cover an earlier mark joins it."""
    found: dict[tuple[float, float], list[int]] = {}
    for number, point in enumerate(points, 1):
        near = next((mark for mark in found if math.dist(mark, point) < CLOSE), point)
        found.setdefault(near, []).append(number)
    return found


def _scale(pixels_per_degree: float, unit: str) -> list[str]:
    per_unit = pixels_per_degree / KM_PER_DEGREE * UNITS[unit]
    length = max((one for one in SCALES if one * per_unit < LONGEST_SCALE * WIDTH), default=SCALES[0])
    x, y = SCALE_AT
    return [
        f'<path class="gl-map-scale" d="M{x} {y - 6}v6h{length * per_unit:.1f}v-6"/>',
        f'<text class="gl-map-number" x="{x + 4}" y="{y - 8}">{length} {unit}</text>',
    ]
