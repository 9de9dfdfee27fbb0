"""How far the dose field is from a run at half the step: the table of docs/tissue-grid.md.

    python tools/measure_resolution.py [--step 1.8] [--depth-step 0.9]

Both runs place the licensed glabellar boluses and are interpolated to the same random points before they are compared by distance
from each site's needle tip, since binning by cell centre alone moves the bands by several percent.
"""

import argparse
import time

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.anatomy import Window, build_anatomy, build_atlas
from glabella.stages.anatomy.grid import DEPTH_STEP_MM, STEP_MM
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import build_spread, spread_toxin

BANDS_MM = ((0, 5), (5, 8), (8, 12), (12, 16))
WINDOW = Window((-34.0, 34.0), (-14.0, 34.0), 14.0)


def run(face, patient, parameters, atlas, plan, step_mm, depth_step_mm):
    started = time.perf_counter()
    anatomy = build_anatomy(face, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, window=WINDOW, atlas=atlas)
    spread = build_spread(anatomy, parameters)
    boluses = place_boluses(plan.sessions[0], plan, anatomy, parameters)
    field = spread_toxin(spread, boluses, 1e-9)
    grid = anatomy.grid
    have, value = np.zeros(grid.shape), np.zeros(grid.shape)
    have.ravel()[anatomy.cells] = anatomy.whole
    value.ravel()[anatomy.cells] = anatomy.whole * field.exposure
    axes = (grid.theta, grid.phi, grid.depth_mm)

    def at(points):
        where = grid.coordinates(points)
        where[:, 2] = np.clip(where[:, 2], grid.depth_mm[0], None)
        share, total = (RegularGridInterpolator(axes, a, bounds_error=False, fill_value=0.0)(where) for a in (have, value))
        return np.where(share > 0.8, total / np.maximum(share, 1e-9), np.nan)

    return anatomy, boluses, field, at, time.perf_counter() - started


def main():
    arg = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arg.add_argument("--step", type=float, default=STEP_MM)
    arg.add_argument("--depth-step", type=float, default=DEPTH_STEP_MM)
    arg = arg.parse_args()
    parameters, patient = load_parameters(), Patient()
    face = patient.shape(load_face(), parameters)
    atlas = build_atlas(face, patient, parameters)
    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    coarse = run(face, patient, parameters, atlas, plan, arg.step, arg.depth_step)
    fine = run(face, patient, parameters, atlas, plan, arg.step / 2, arg.depth_step / 2)
    rng = np.random.default_rng(0)
    print(
        f"{arg.step} / {arg.depth_step} mm: {len(coarse[0].cells)} cells, {coarse[4]:.1f} s;",
        f"half: {len(fine[0].cells)} cells, {fine[4]:.1f} s",
    )
    tips = np.stack([bolus.needle.tip for bolus in coarse[1]])
    points = (tips[:, None] + rng.uniform(-16, 16, (len(tips), 60_000, 3))).reshape(-1, 3)
    gap = np.linalg.norm(points[:, None] - tips, axis=2).min(1)
    a, b = coarse[3](points), fine[3](points)
    for low, high in BANDS_MM:
        band = (gap >= low) & (gap < high) & np.isfinite(a) & np.isfinite(b)
        ratio = a[band] / b[band] - 1
        mean = a[band].mean() / b[band].mean() - 1
        print(f"{low:2d}-{high:2d} mm: mean dose {100 * mean:+.2f} %, local difference median {100 * np.median(np.abs(ratio)):.2f} %, "
              f"90 % within {100 * np.quantile(np.abs(ratio), 0.9):.2f} %")  # fmt: skip
    for name in ("corrugator_supercilii_left", "procerus", "frontalis_left", "orbicularis_oculi_orbital_left"):
        means = []
        for anatomy, _, field, _, _ in (coarse, fine):
            muscle = anatomy.muscles[name]
            volume = muscle.share * anatomy.volume_mm3[muscle.cells]
            means.append(float(volume @ field.uptake_units_per_mm3[muscle.cells]))
        print(f"units taken up by {name}: {means[0]:.4f} against {means[1]:.4f} ({100 * (means[0] / means[1] - 1):+.1f} %)")


if __name__ == "__main__":
    main()
