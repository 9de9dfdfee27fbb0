"""Fit the tensions of the frown muscles to measured strain of the skin, on rows marked ``calibrate`` only.

    python tools/fit_tractions.py

Unknown: the rows ``corrugator_supercilii_tension_newton``, ``procerus_tension_newton`` and
``depressor_supercilii_tension_newton``. Data: ``evidence/trials/strain.csv``, the untreated frown of two trials (strain of the
glabella and forehead by image correlation; displacement of the skin 30 mm lateral). The trial's forehead is not described: taken
as the atlas area between the brow peaks. Everything else is held at its row. The
tensions are found by non-negative least squares, since strain and displacement are linear in them; the copy of the result into
parameters.csv is made by hand, so that a change is seen. Prints what was used, the table and what does not fit.
"""

import csv
import time
from importlib import resources

import numpy as np
from scipy.optimize import lsq_linear

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.names import without_side
from glabella.patient import Patient
from glabella.stages.anatomy.atlas import build_atlas
from glabella.stages.skin import build_skin
from glabella.stages.skin.membrane import most_compressive

FITTED = ("corrugator_supercilii", "procerus", "depressor_supercilii")
MEASURES = {"horizontal_compression": (0, -100.0), "vertical_stretch": (1, 100.0)}
ONE_PERCENT, ONE_MM = 1.0, 1.0  # what counts as an equal misfit: one point of strain, one mm


def read_targets():
    """Rows of the untreated frown marked ``calibrate``, and the rest of the table for comparison."""
    text = resources.files("glabella.evidence").joinpath("trials/strain.csv").read_text("utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["suggested_use"] == "calibrate"]
    return [row for row in rows if row["day"] == "0"], [row for row in rows if row["day"] != "0"]


def region(skin, name):
    """Triangles of a measured region."""
    at = skin.areas[name]
    if name != "forehead":
        return at
    triangle, weights = skin.points["brow_peak_left"]
    reach = weights @ skin.surface.vertices[skin.surface.triangles[triangle], 0]
    return at[np.abs(skin.surface.vertices[skin.surface.triangles[at], 0].mean(axis=1)) < reach]


def measure(skin, row):
    """Value (muscles, k) per newton of what a row measures; k components, of which the length counts."""
    if row["measure"] in MEASURES:
        component, scale = MEASURES[row["measure"]]
        at = region(skin, row["region"])
        return scale * np.average(skin.mode_strains[:, at, component], axis=1, weights=skin.membrane.areas_mm2[at])[:, None]
    if row["measure"] == "frown_displacement":
        return skin.at_point("frown_left")
    return None


def compression(skin, newton, name):
    """Mean and ninth decile over an atlas area of the most compressive strain, positive."""
    at = skin.areas[name]
    squeezed = -np.minimum(most_compressive(*np.tensordot(newton, skin.mode_strains[:, at], 1).T), 0)
    area = skin.membrane.areas_mm2[at]
    order = np.argsort(squeezed)
    return np.average(squeezed, weights=area), squeezed[order][np.searchsorted(np.cumsum(area[order]), 0.9 * area.sum())]


def main():
    start = time.perf_counter()
    parameters = load_parameters()
    patient = Patient()
    face = patient.shape(load_face(), parameters)
    skin = build_skin(build_atlas(face, patient, parameters), parameters)
    newton = skin.tension_newton("maximum_frown", patient, parameters) - skin.tension_newton("rest", patient, parameters)
    free = {name: np.array([without_side(m) == name for m in skin.muscles]) for name in FITTED}
    held = ~np.any(list(free.values()), axis=0)
    per_newton = {name: newton * chosen / parameters[f"{name}_tension_newton"] for name, chosen in free.items()}
    baseline, later = read_targets()

    fitted = [(row, measure(skin, row)) for row in baseline if measure(skin, row) is not None]
    tension = np.array([parameters[f"{name}_tension_newton"] for name in FITTED])
    for _ in range(20):  # a length is not linear: take its direction from the last round
        lines, targets = [], []
        for row, value in fitted:
            total = sum(t * (per_newton[name] @ value) for t, name in zip(tension, FITTED, strict=True)) + (newton * held) @ value
            direction = total / np.linalg.norm(total) if len(total) > 1 else np.ones(1)
            weight = 1 / (ONE_MM if row["unit"] == "mm" else ONE_PERCENT)
            lines.append([weight * (per_newton[name] @ value @ direction) for name in FITTED])
            targets.append(weight * (float(row["value"]) - (newton * held) @ value @ direction))
        tension = lsq_linear(np.array(lines), np.array(targets), bounds=(0, np.inf)).x

    def frown(force):
        """Newtons from rest with the fitted muscles at ``force`` of untreated."""
        return newton * held + force * sum(t * per_newton[name] for t, name in zip(tension, FITTED, strict=True))

    def shown(row, force=1.0):
        value = measure(skin, row)
        found = frown(force) @ value
        return float(np.linalg.norm(found)) if len(found) > 1 else float(found[0])

    print("fitted on the untreated frown; held: every other row, of which in this frown (N from rest)")
    for muscle, pull in zip(skin.muscles, newton * held, strict=True):
        if pull and not muscle.endswith("_right"):
            print(f"    {muscle:45s} {pull:7.3f}")
    for name, value in zip(FITTED, tension, strict=True):
        row = parameters.rows[f"{name}_tension_newton"]
        print(f"{name}_tension_newton = {value:.4f} N   (shipped {row.value:g}, range {row.low:g} to {row.high:g})")
    print(f"\n{'source':15s} {'region':27s} {'measure':25s} {'observed':>9s} {'fitted':>8s}")
    for row in baseline:
        fits = measure(skin, row) is not None
        found = shown(row) if fits else 100 * compression(skin, frown(1.0), row["region"])[0]
        mark = "" if fits else "   not fitted: here the mean of the most compressive strain"
        print(f"{row['source']:15s} {row['region']:27s} {row['measure']:25s} {float(row['value']):9.2f} {found:8.2f} {row['unit']}{mark}")

    print("\nnot fitted, for comparison:")
    for name in ("glabellar", "forehead"):
        mean, high = compression(skin, frown(1.0), name)
        print(f"    {name}: mean of the most compressive strain {100 * mean:.2f} %, nine tenths of the area below {100 * high:.2f} %")
    for part in ("head", "peak", "tail"):
        moved = frown(1.0) @ skin.at_point(f"brow_{part}_left")
        print(f"    brow {part}: {-moved[0]:5.2f} mm in, {-moved[1]:5.2f} mm down")
    print("\nday 14: share of force left in the fitted muscles that fits each row by itself, and all rows together at once")
    shares = np.linspace(0, 1, 1001)
    curves = {id(row): np.array([shown(row, s) for s in shares]) for row in later}
    for row in later:
        best = shares[np.abs(curves[id(row)] - float(row["value"])).argmin()]
        print(f"    {row['region']:12s} {row['measure']:25s} observed {float(row['value']):5.2f}   force left {best:.2f}")
    misfit = sum((curves[id(row)] - float(row["value"])) ** 2 for row in later)
    best = int(np.argmin(misfit))
    together = ", ".join(f"{row['region']} {row['measure']} {curves[id(row)][best]:.2f}" for row in later)
    print(f"    together: force left {shares[best]:.2f}: {together}")
    print(f"\n{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
