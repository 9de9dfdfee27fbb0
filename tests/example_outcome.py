"""An outcome shaped like a real one, made of simple functions: for tests of what is done with outcomes."""

import numpy as np

from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.label import Finding
from glabella.names import AREAS, MUSCLES, side_of, without_side
from glabella.outcome import CONTRACTION, EXPRESSIONS, BrowCurves, DoseBalance, MuscleCurves, Outcome, Probability, SkinCurves, summarise
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.scene import LAYERS, PICTURE_DAYS, Histogram, LineField, Scene, Section

DAYS = np.concatenate([[0, 0.5, 1, 1.5], np.arange(2, 271)])
SITES = {
    "procerus": (0.0, 12.0), "corrugator_medial_left": (10.0, 17.0), "corrugator_medial_right": (-10.0, 17.0),
    "corrugator_lateral_left": (26.0, 24.0), "corrugator_lateral_right": (-26.0, 24.0),
}  # fmt: skip
REACH = {
    "corrugator_supercilii": 0.95, "procerus": 0.93, "depressor_supercilii": 0.8, "orbicularis_oculi_orbital": 0.3, "frontalis": 0.22,
    "nasalis": 0.06, "levator_labii_superioris_alaeque_nasi": 0.02,
}  # fmt: skip


def blocked_share(days, peak, half_life=65.0):
    """Rises over days and wanes over months, 0 on day 0."""
    amount = np.exp(-days / half_life) - np.exp(-days / 3.5)
    amount = 2.4 * amount / amount.max()
    return peak * amount**4 / (amount**4 + 1) / (2.4**4 / (2.4**4 + 1))


def build_outcome(purpose="person", samples=40, with_scene=True, seed=7, **changes):
    """A glabellar treatment; with ``samples`` draws around the nominal curves."""
    random = np.random.default_rng(seed)
    peaks = np.clip(random.normal(1, 0.12, samples), 0.5, 1.05)
    lives = random.normal(65, 12, samples)
    size = random.normal(1, 0.2, samples)

    def curve(shape, spread=0.0):
        """``shape(peak factor, half life)`` for the nominal run and every sample."""
        nominal = shape(1.0, 65.0)
        drawn = np.array([shape(p, h) * (1 + spread * (s - 1)) for p, h, s in zip(peaks, lives, size, strict=True)])
        return summarise(DAYS, nominal, drawn.reshape(samples, len(DAYS)))

    def effect(peak):
        return lambda p, h: blocked_share(DAYS, min(0.99, peak * p), h)

    muscles = {}
    for name in MUSCLES:
        b = effect(REACH.get(without_side(name), 0.0) * (1.0 if side_of(name) != "right" else 0.97))
        muscles[name] = MuscleCurves(
            force=curve(lambda p, h, b=b: 1 - 0.9 * b(p, h)),
            bulk=curve(lambda p, h, b=b: 1 - 0.3 * b(p, h) * (1 - np.exp(-DAYS / 40))),
            blocked=curve(b),
        )
    reach = {"glabellar": 0.72, "forehead": 0.18, "lateral_canthal_left": 0.08, "lateral_canthal_right": 0.08}
    start = {"rest": 0.012, "maximum_frown": 0.10, "brow_raise": 0.06, "smile": 0.05, "eye_closure": 0.045}
    skin = {}
    for area in AREAS:
        skin[area] = {}
        for expression in EXPRESSIONS:
            main = expression == CONTRACTION[area]
            base = 0.15 if main else start[expression] * (1.0 if area == "glabellar" or expression != "maximum_frown" else 0.35)
            e = effect(reach[area] * (1 if expression in ("maximum_frown", "rest") or main else 0.3))
            skin[area][expression] = SkinCurves(
                strain=curve(lambda p, h, e=e, base=base: base * (1 - e(p, h)), 1.0),
                grade=curve(lambda p, h, e=e, main=main: np.clip((2.6 if main else 1.2) - 2.6 * e(p, h) * (1 if main else 0.3), 0, 3)),
                fine_lines=curve(lambda p, h, e=e, base=base: 0.1 * base * (1 - e(p, h))),
            )
    lost = {"maximum_frown": effect(0.86), "brow_raise": effect(0.16), "smile": effect(0.03), "eye_closure": effect(0.12)}
    movement = {name: curve(lambda p, h, e=e: 100 * (1 - e(p, h))) for name, e in lost.items()}
    brow = {
        side: BrowCurves(
            **{
                f"{place}_mm": curve(lambda p, h, k=k: k * effect(0.9)(p, h), 1.0)
                for place, k in (("head", 0.4), ("peak", 1.1), ("tail", 0.8))
            }
        )
        for side in ("left", "right")
    }
    unwanted = {
        "eyelid_ptosis": Probability(0.022, 0.012, 0.036, "computed", "2 to 7 days", "weeks", "troublesome and temporary", "king2016"),
        "brow_ptosis": Probability(0.006, 0.001, 0.014, "computed", "days", "up to 6 weeks", "troublesome and temporary", "king2016"),
        "dry_eye": Probability(0.0004, 0.0, 0.003, "computed", "days to weeks", "weeks", "can irritate the eye", "pra_label2019"),
        "headache": Probability(0.133, 0.101, 0.171, "label_rate", "the first days", "hours to days", "mild", "ona_label2024"),
        "nausea": Probability(0.03, 0.016, 0.052, "label_rate", "the first days", "hours to days", "mild", "ona_label2024"),
    }  # fmt: skip
    taken = {name: 0.9 * REACH.get(without_side(name), 0.0) for name in MUSCLES}
    findings = (
        Finding("info", "total 20 U equals the labelled total of 20 U", "glabellar", "maximum_units", "ona_label2024", "seen"),
        Finding(
            "caution",
            "needle 9.1 mm above the bony rim; the label asks for 10 mm",
            "corrugator_lateral_left",
            "above_supraorbital_rim_at_least_mm",
            "ona_label2024",
            "memory",
        ),
    )
    parameters = load_parameters().recording()
    for name in parameters:
        parameters[name]
    values = {
        "days": DAYS, "skin": skin, "movement": movement, "muscles": muscles, "unwanted": unwanted,
        "dose": DoseBalance(20.0, sum(taken.values()), 20.0 - sum(taken.values()), 0.013, {k: v for k, v in taken.items() if v}),
        "brow": brow, "findings": findings, "plan": Plan.label("onabotulinumtoxinA", purpose=purpose), "patient": Patient(),
        "parameters": parameters,
        "settings": {"days": 270, "samples": samples, "placement_sd_mm_per_axis": 3.67, "lateral_step_mm": 1.3}, "seed": seed,
        "version": "0.1.0", "scene": example_scene() if with_scene else None,
    }  # fmt: skip
    return Outcome(**{**values, **changes})


def _bump(points, centre, width):
    return np.exp(-0.5 * ((points - centre) ** 2).sum(1) / width**2)


def example_scene():
    """Frown that pulls the brows inwards and down and wanes and returns, lines between the brows, doses around five needles."""
    face = load_face()
    coarse, fine = face.surface(1).vertices, face.surface(2).vertices
    points = {name: face.surface(2).frontal(x, y).points for name, (x, y) in SITES.items()}
    kept = [1 - float(np.interp(day, DAYS, blocked_share(DAYS, 0.86))) for day in PICTURE_DAYS]
    pull = np.zeros_like(coarse)
    for side in (-1, 1):
        brow = face.surface(2).frontal(side * 22.0, 19.0).points
        pull += _bump(coarse, brow, 13)[:, None] * np.array([-side * 3.8, -3.6, 0.8])
    glabella = _bump(coarse, face.surface(2).frontal(0.0, 16.0).points, 11)
    displacement = {"rest": np.zeros((len(kept), *coarse.shape)), "maximum_frown": np.array([k * pull for k in kept])}
    spacing = np.full(len(coarse), 9.0)
    phase = 2 * np.pi * coarse[:, 0] / spacing
    lines = {
        expression: tuple(
            (LineField(phase, depth * (k if expression == "maximum_frown" else 0.8 + 0.2 * k) * glabella, spacing),) for k in kept
        )
        for expression, depth in (("rest", 0.12), ("maximum_frown", 0.8))
    }
    dose = sum(4.0 * 0.25 / (2 * np.pi * 25) * _bump(fine, point, 5.0) for point in points.values())
    along, up = np.linspace(12, 40, 30), 10 + 6 * np.sin(np.linspace(0, 2.6, 30))
    rims = {f"supraorbital_rim_{side}": face.surface(2).frontal(sign * along, up).points for side, sign in (("left", 1), ("right", -1))}
    return Scene(
        face=face, picture_days=PICTURE_DAYS, displacement=displacement, lines=lines, dose_on_skin_units_per_mm2=dose,
        sections=tuple(example_section(name) for name in SITES), histograms=example_histograms(), site_points=points,
        site_units=dict.fromkeys(SITES, 4.0),
        curves=rims,
    )  # fmt: skip


def example_section(site):
    """Wavy layers over bone with one muscle, and a dose around the tip."""
    across, depth = np.arange(-14, 14.01, 0.2), np.arange(-1.6, 10.01, 0.1)
    x, z = np.meshgrid(across, depth)
    skin = 0.012 * x**2 - 0.02 * x * (1 if site.endswith("left") else -1)
    below = z - skin
    bone = 7.4 + 0.6 * np.sin(x / 6)
    layer = np.select([below < 0, below < 0.06, below < 0.95, below < bone], [0, 1, 2, 3], 5)
    middle = 5.2 - 0.12 * x
    muscle = (np.abs(below - middle) < 0.9 * np.sqrt(np.clip(1 - (x / 11) ** 2, 0, None))) & (layer == 3)
    layer[muscle] = LAYERS.index("muscle")
    dose = 0.011 * np.exp(-np.hypot((x - 0.3) / 1.5, z - 5.0) / 2.1) * np.isin(layer, (1, 2, 3, 4)) * np.where(muscle, 1.0, 0.25)
    name = "procerus" if site == "procerus" else "corrugator_supercilii_" + site.rpartition("_")[2]
    return Section(
        site.replace("_", " ") + ": 4 U, 5.0 mm deep", site, 4.0, across, depth, layer, np.where(muscle, 0, -1), (name,), dose,
        (0.0, 0.0), (0.0, 5.0), "mm away from the midline",
    )  # fmt: skip


def example_histograms():
    share = np.linspace(1, 0, 200)
    scale = {name: 0.006 * REACH.get(without_side(name), 0) ** 3 for name in MUSCLES}
    return tuple(
        Histogram(name, s * np.exp(0.6 * np.sqrt(2) * _inverse_error(1 - 2 * np.clip(share, 0.002, 0.998))), share)
        for name, s in scale.items()
        if s > 0
    )


def _inverse_error(x):
    from scipy.special import erfinv

    return erfinv(x)
