"""The curvilinear grid against prisms on one case: error and time per step, for docs/tissue-grid.md.

    PYTHONPATH=. python tools/compare_prisms.py

The case is that of tests/verification/test_second_implementation.py (glabella without orbit or bone, two boluses). Errors are against
the mean of both methods' finest runs; they differ there by the last line's figure.
"""

import time
from dataclasses import replace

from tests.verification import prisms
from tests.verification.test_second_implementation import BEYOND, MUSCLES, WINDOW

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.stages.anatomy import build_anatomy, build_atlas
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import build_spread, spread_toxin

STEPS = ((2.0, 1.0), (1.4, 0.7), (0.9, 0.45), (0.6, 0.3))


def main():
    deep = {name: 14.0 for name in load_parameters() if name.startswith("depth_to_bone_")}
    open_ways = {"septum_tracking_share": 0.0, "fascia_transmission": 1.0, "orbital_septum_transmission": 1.0}
    parameters = load_parameters().with_values({**deep, **open_ways})
    patient = Patient()
    face = patient.shape(load_face(), parameters)
    atlas = build_atlas(face, patient, parameters)
    atlas = replace(atlas, muscles={name: atlas.muscles[name] for name in (*MUSCLES, *BEYOND)})
    plan = Plan.label("onabotulinumtoxinA", "glabellar")
    found = {}
    for step, depth_step in STEPS:
        started = time.perf_counter()
        anatomy = build_anatomy(face, patient, parameters, step_mm=step, depth_step_mm=depth_step, window=WINDOW, atlas=atlas)
        boluses = [b for b in place_boluses(plan.sessions[0], plan, anatomy, parameters) if "medial" in b.needle.site]
        field = spread_toxin(build_spread(anatomy, parameters), boluses, 1e-10)
        ours = {}
        for name, muscle in anatomy.muscles.items():
            volume = muscle.share * anatomy.volume_mm3[muscle.cells]
            if len(volume):
                ours[name] = float(volume @ field.uptake_units_per_mm3[muscle.cells] / volume.sum())
        middle = time.perf_counter()

        grid = anatomy.grid
        mesh = prisms.columns_to_prisms(grid, 1)
        exposure, dose, placed, _ = prisms.solve(
            mesh,
            list(atlas.muscles.values()),
            lambda p, g=grid, a=anatomy: g.on_columns(a.skin_mm, p),
            lambda p, g=grid: g.coordinates(p)[:, 2] * g.on_columns(g.cosine, p),
            prisms.smeared_boluses(boluses, anatomy),
            parameters,
        )
        theirs = {name: dose[name] * field.placed_units / placed for name in MUSCLES}
        found[step] = (ours, theirs, middle - started, time.perf_counter() - middle, len(anatomy.cells), len(exposure))
    best = {name: (found[STEPS[-1][0]][0][name] + found[STEPS[-1][0]][1][name]) / 2 for name in MUSCLES}
    for step, (ours, theirs, ours_s, theirs_s, cells, nodes) in found.items():
        worst = [100 * max(abs(dose[name] / best[name] - 1) for name in MUSCLES) for dose in (ours, theirs)]
        print(f"{step} mm: curvilinear {cells} cells {ours_s:.1f} s, largest error of a muscle's dose {worst[0]:.1f} %;", end=" ")
        print(f"prisms {nodes} nodes {theirs_s:.1f} s, {worst[1]:.1f} %")


if __name__ == "__main__":
    main()
