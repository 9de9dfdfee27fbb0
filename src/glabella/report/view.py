"""One view of one face: which triangle of the skin or which eyeball each sample of the picture sees."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from glabella.face import Face, Surface
from glabella.report.complexion import split_lids
from glabella.report.raster import Camera, rasterise

SAMPLES = 2  # samples per pixel and direction, all of them shaded only where something ends inside the pixel
EDGE_MM = 1.0  # a depth step inside one pixel that counts as an end
NOTHING, RIGHT_EYE, LEFT_EYE = -9, -1, -2  # what a sample sees where it is not a triangle
PLUGS = {"right_eye": 2.8, "left_eye": 2.8, "mouth": 0.8}  # openings are closed this many mm behind, so that nothing shines through
OVERLAP_MM = 1.5


@dataclass(frozen=True)
class Samples:
    """What is to be shaded: ``pixel`` (m,) its number row by row, ``weight`` (m,) its share of it, ``column`` and ``row`` (m,) where in it.

    ``seen`` (m,) is a triangle, ``NOTHING``, ``RIGHT_EYE`` or ``LEFT_EYE``.
    """

    pixel: np.ndarray
    weight: np.ndarray
    column: np.ndarray
    row: np.ndarray
    seen: np.ndarray

    def part(self, chosen: np.ndarray) -> "Samples":
        """Some of the samples."""
        return Samples(self.pixel[chosen], self.weight[chosen], self.column[chosen], self.row[chosen], self.seen[chosen])


class View:
    """A skin ``surface`` (``face.surface(2)``, moved or not) and the eyeballs of a face as a camera sees them.

    ``vertices`` and ``triangles`` are those of the surface, then those that close its openings; ``flat`` (n, 3) is where the
    vertices are in the picture; ``depth_mm`` (rows, columns) is the front-most thing in each pixel.
    """

    def __init__(self, face: Face, surface: Surface, camera: Camera) -> None:
        self.surface, self.camera = surface, camera
        self.borders = face.borders(2)
        self.vertices, self.triangles = _plugged(surface, [(self.borders[name], back_mm) for name, back_mm in PLUGS.items()])
        self.flat = camera.project(self.vertices)
        self.eyeballs = [(camera.project(centre), radius) for centre, radius in face.eyeballs]
        self.samples, self.depth_mm = self._look()

    def lids(self, eye: str) -> tuple[np.ndarray, np.ndarray]:
        """(upper, lower) vertices of the margins of the lids of ``right_eye`` or ``left_eye``."""
        return split_lids(self.surface.vertices, self.borders[eye])

    def interpolation(self, samples: Samples) -> sp.csr_matrix:
        """Sparse (samples, vertices): values at samples that see triangles from values at the vertices."""
        corners = self.triangles[samples.seen]
        x, y = (self.flat[:, k][corners.T] for k in (0, 1))
        u, v = samples.column - x[0], samples.row - y[0]
        bx, cx, by, cy = x[1] - x[0], x[2] - x[0], y[1] - y[0], y[2] - y[0]
        det = bx * cy - cx * by
        b, c = (u * cy - cx * v) / det, (bx * v - u * by) / det
        share = np.clip(np.stack([1 - b - c, b, c]), -0.2, 1.2)  # the middle of a pixel may lie just outside
        share = (share / share.sum(0)).T.astype(np.float32)
        return sp.csr_matrix((share.ravel(), corners.ravel(), np.arange(0, corners.size + 1, 3)), (len(corners), len(self.vertices)))

    def _look(self) -> tuple[Samples, np.ndarray]:
        rows, columns = self.camera.shape
        fine = self.flat.copy()
        fine[:, :2] = fine[:, :2] * SAMPLES + (SAMPLES - 1) / 2
        fragments = rasterise(fine, self.triangles, (rows * SAMPLES, columns * SAMPLES))
        seen, depth = fragments.triangle, fragments.depth_mm
        seen[seen < 0] = NOTHING
        for (centre, radius), name in zip(self.eyeballs, (RIGHT_EYE, LEFT_EYE), strict=True):
            self._put_eyeball(seen, depth, centre, radius, name)

        def by_pixel(values: np.ndarray) -> np.ndarray:  # (samples of a pixel, pixels)
            return values.reshape(rows, SAMPLES, columns, SAMPLES).transpose(1, 3, 0, 2).reshape(SAMPLES**2, -1)

        seen, depth = by_pixel(seen), by_pixel(depth)
        nearest = depth.max(0)
        kind = np.minimum(seen, 0)
        with np.errstate(invalid="ignore"):
            ends = (kind != kind[0]).any(0) | (nearest - depth.min(0) > EDGE_MM)
        whole, split = np.flatnonzero(~ends & (seen[0] != NOTHING)), np.flatnonzero(ends)
        count, offset = SAMPLES**2, (np.arange(SAMPLES) - (SAMPLES - 1) / 2) / SAMPLES
        down, across = (np.tile(o.ravel(), len(split)) for o in np.meshgrid(offset, offset, indexing="ij"))
        pixel = np.concatenate([whole, np.repeat(split, count)])
        outer = (whole % columns >= columns / 2).astype(int)  # the upper sample on the picture's outer side: same in a mirrored picture
        samples = Samples(
            pixel=pixel,
            weight=np.concatenate([np.ones(len(whole)), np.full(len(split) * count, 1 / count)]),
            column=pixel % columns + np.concatenate([np.zeros(len(whole)), across]),
            row=pixel // columns + np.concatenate([np.zeros(len(whole)), down]),
            seen=np.concatenate([seen[outer, whole], seen[:, split].T.ravel()]),
        )
        return samples, nearest.reshape(rows, columns)

    def _put_eyeball(self, seen: np.ndarray, depth: np.ndarray, centre: np.ndarray, radius: float, name: int) -> None:
        """Put a sphere into the z-buffer."""
        scale = self.camera.pixels_per_mm * SAMPLES
        middle = centre[:2] * SAMPLES + (SAMPLES - 1) / 2
        low = np.clip(np.floor(middle - radius * scale), 0, None).astype(int)
        high = np.clip(np.ceil(middle + radius * scale) + 1, low, None).astype(int)
        window = slice(low[1], high[1]), slice(low[0], high[0])
        across = (np.arange(seen.shape[1])[window[1]] - middle[0]) / scale
        down = (np.arange(seen.shape[0])[window[0], None] - middle[1]) / scale
        under = radius**2 - across**2 - down**2
        height = np.where(under > 0, centre[2] + np.sqrt(np.maximum(under, 0)), -np.inf)
        front = height > depth[window]
        seen[window][front] = name
        depth[window][front] = height[front]


def _plugged(surface: Surface, openings: list[tuple[np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of the skin, then a fan behind each opening that overlaps its border."""
    vertices, triangles, count = [surface.vertices], [surface.triangles], len(surface.vertices)
    for loop, back_mm in openings:
        ring = surface.vertices[loop]
        up = np.where(np.isin(loop, split_lids(surface.vertices, loop)[1]), -OVERLAP_MM, OVERLAP_MM)
        middle, width = ring[:, 0].mean(), np.ptp(ring[:, 0])
        sideways = OVERLAP_MM * np.sign(ring[:, 0] - middle) * (2 * np.abs(ring[:, 0] - middle) / width) ** 6
        ring = ring + np.c_[sideways, up, np.full(len(loop), -back_mm)]
        here = count + np.arange(len(ring))
        vertices += [ring, ring.mean(0, keepdims=True)]
        triangles.append(np.stack([np.roll(here, -1), here, np.full(len(ring), count + len(ring))], 1))
        count += len(ring) + 1
    return np.concatenate(vertices), np.concatenate(triangles)
