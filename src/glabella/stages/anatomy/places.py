"""Places on the skin: sites, walks along the skin, distances to lines on it."""

from dataclasses import dataclass

import numpy as np

from glabella.face import Foot, Surface

WALK_STEP_MM = 1.0  # numerical


@dataclass(frozen=True)
class Site:
    """A place on the skin (level-2 surface): ``point`` (3,) mm, true outward unit ``normal`` (3,), triangle and barycentric."""

    name: str
    point: np.ndarray
    normal: np.ndarray
    triangle: int
    barycentric: np.ndarray


def site_at(name: str, surface: Surface, foot: Foot, row: int = 0) -> Site:
    """The site at one row of a foot."""
    triangle, barycentric = foot.triangle[row : row + 1], foot.barycentric[row : row + 1]
    normal = surface.normal_at(triangle, barycentric)[0]
    return Site(name, foot.points[row], normal, int(triangle[0]), barycentric[0])


def skin_axes(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (n, 3) in the skin at unit normals (n, 3): level toward the person's left, and up."""
    left = np.cross([0.0, 1.0, 0.0], normal)
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    return left, np.cross(normal, left)


def walk(surface: Surface, point: np.ndarray, normal: np.ndarray, left_mm: np.ndarray, up_mm: np.ndarray) -> Foot:
    """Where one arrives on the skin from ``point`` (n, 3) going straight ahead: to the left and up, mm along the skin (n,)."""
    left, up = skin_axes(normal)
    way = np.asarray(left_mm, float)[:, None] * left + np.asarray(up_mm, float)[:, None] * up
    length = np.linalg.norm(way, axis=1)
    ahead = way / np.maximum(length, 1e-300)[:, None]
    steps = max(int(np.ceil(length.max() / WALK_STEP_MM)), 1)
    here = point
    foot = surface.closest(here)
    for _ in range(steps):
        foot = surface.closest(here + ahead * (length / steps)[:, None])
        here = foot.points
        out = surface.normal_at(foot.triangle, foot.barycentric)
        ahead = ahead - (ahead * out).sum(1, keepdims=True) * out
        ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-300)
    return foot


def distance_to_line(points: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Straight distance (n,) of points (n, 3) to a polyline (m, 3), and the feet (n, 3) on it."""
    start, step = line[:-1], np.diff(line, axis=0)
    share = ((points[:, None] - start) * step).sum(2) / np.maximum((step * step).sum(1), 1e-300)
    feet = start + np.clip(share, 0, 1)[..., None] * step
    gap = np.linalg.norm(points[:, None] - feet, axis=2)
    best = gap.argmin(1)
    rows = np.arange(len(points))
    return gap[rows, best], feet[rows, best]
