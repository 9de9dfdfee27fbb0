"""A pinhole camera in front of a head: where points of the head fall in the picture, and how that changes with the camera."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PhotoCamera:
    """``turn`` (3, 3) turns the head's frame so that x is the picture's right, y its up and z points to the camera.

    ``origin`` (2,) is the column and row of the head's origin, ``pixels_per_mm`` the scale there, ``distance_mm`` from it to the
    camera along its axis, ``axis`` (2,) the pixel that the camera's axis meets (the middle of an uncut picture).
    """

    turn: np.ndarray
    origin: np.ndarray
    pixels_per_mm: float
    distance_mm: float
    axis: np.ndarray

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) of points (n, 3) mm: column, row, and mm towards the camera."""
        x, y, z = self.turn @ np.asarray(points, float).T
        nearer = self.distance_mm / (self.distance_mm - np.minimum(z, 0.8 * self.distance_mm))
        away = (self.origin - self.axis) / self.pixels_per_mm
        column = self.axis[0] + self.pixels_per_mm * nearer * (away[0] + x)
        row = self.axis[1] + self.pixels_per_mm * nearer * (away[1] - y)
        return np.stack([column, row, z], 1)

    def slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of (column, row, depth): by the points (n, 3, 3), and by the camera (n, 3, 7).

        The seven: three turns about the axes of the turned frame in radians, the origin's column and row, ln scale, ln distance.
        """
        turned = np.asarray(points, float) @ self.turn.T
        x, y, z = turned.T
        nearer = self.distance_mm / (self.distance_mm - z)
        away = (self.origin - self.axis) / self.pixels_per_mm
        m, zero = self.pixels_per_mm * nearer, np.zeros(len(z))
        by_z = nearer / self.distance_mm
        right, down = m * (away[0] + x), m * (away[1] - y)
        by_turned = np.stack(
            [np.stack([m, zero, right * by_z], 1), np.stack([zero, -m, down * by_z], 1), np.tile([0.0, 0.0, 1.0], (len(z), 1))], 1
        )
        about = np.stack(
            [np.stack([zero, -z, y], 1), np.stack([z, zero, -x], 1), np.stack([-y, x, zero], 1)], 2
        )  # (n, 3 of point, 3 turns)
        by_camera = np.zeros((len(z), 3, 7))
        by_camera[:, :, :3] = by_turned @ about
        by_camera[:, 0, 3] = by_camera[:, 1, 4] = nearer
        by_camera[:, 0, 5], by_camera[:, 1, 5] = m * x, -m * y
        by_ln_distance = -z / (self.distance_mm - z)  # of ln nearer
        by_camera[:, 0, 6], by_camera[:, 1, 6] = right * by_ln_distance, down * by_ln_distance
        return by_turned @ self.turn, by_camera

    def moved(self, step: np.ndarray) -> "PhotoCamera":
        """The camera after a step (7,) in the order of ``slopes``."""
        return PhotoCamera(
            rotation(step[:3]) @ self.turn, self.origin + step[3:5], float(self.pixels_per_mm * np.exp(step[5])),
            float(self.distance_mm * np.exp(step[6])), self.axis,
        )  # fmt: skip

    def scaled(self, factor: float) -> "PhotoCamera":
        """The same picture of a head that is ``factor`` times as large."""
        return PhotoCamera(self.turn, self.origin, self.pixels_per_mm / factor, self.distance_mm * factor, self.axis)

    @property
    def viewer(self) -> np.ndarray:
        """Where the camera is, (3,) in the head's frame."""
        away = (self.origin - self.axis) / self.pixels_per_mm
        return self.turn.T @ np.array([-away[0], away[1], self.distance_mm])

    @property
    def angles_degrees(self) -> tuple[float, float, float]:
        """(turn to the person's left positive, nod up positive, tilt toward the person's left shoulder positive)."""
        ahead, right = self.turn @ [0.0, 0.0, 1.0], self.turn @ [1.0, 0.0, 0.0]
        turn = np.degrees(np.arctan2(ahead[0], ahead[2]))
        nod = np.degrees(np.arcsin(np.clip(ahead[1], -1, 1)))
        tilt = np.degrees(np.arctan2(-right[1], np.hypot(right[0], right[2])))
        return float(turn), float(nod), float(tilt)


def rotation(vector: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) about a vector (3,) by its length in radians."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-15:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def turn_between(turn: np.ndarray, other: np.ndarray) -> float:
    """Degrees between two turns (3, 3)."""
    return float(np.degrees(np.arccos(np.clip((np.trace(turn @ other.T) - 1) / 2, -1, 1))))
