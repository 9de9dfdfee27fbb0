"""Fit the junction's Emax and D50, and nothing else, to the frown trials marked `calibrate` in frown_displacement.csv.

    python tools/fit_junction.py               fit the whole chain (tissue, dose field, junction, muscle, skin) and report
    python tools/fit_junction.py --muscle      fit one muscle of log-normal dose instead: no face needed
    python tools/fit_junction.py --shipped     report the shipped rows without fitting
    python tools/fit_junction.py --profile     how well the data tell D50 from Emax
    python tools/fit_junction.py --study       what half-life and muscle rates do to movement and bulk
    --set NAME=VALUE                           other constants; --units-glabellar N  share of the 30-unit study in the frown muscles

The chain places the licensed 20-unit glabellar pattern once; other totals are multiples of its dose field.
"""

import argparse
import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Protocol

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from glabella.evidence import Parameters, load_parameters
from glabella.stages.junction import block_junctions
from glabella.stages.muscle import MuscleForce, weaken_muscles

FITTED = ("junction_emax_ratio", "junction_d50_units_per_mm3")
STUDIED = ("light_chain_half_life_days", "muscle_atrophy_per_day", "muscle_regrowth_per_day", "muscle_bulk_floor")
DAYS = np.concatenate([np.arange(0, 4, 0.5), np.arange(4, 361)])
REFERENCE = "onabotulinumtoxinA"
PLAN_UNITS = 20.0
TOLERANCE_POINTS = 10.0  # required at each of the six days
MAIN_MUSCLE = "corrugator_supercilii_left"


@dataclass(frozen=True)
class Dose:  # what the junction reads of stages.diffusion.MuscleDose
    dose_units_per_mm3: np.ndarray
    volume_mm3: np.ndarray


@dataclass(frozen=True)
class Frown:
    movement: np.ndarray  # share of baseline over DAYS
    strain: np.ndarray
    bulk: np.ndarray  # of the main muscle


class Model(Protocol):
    dose: Mapping[str, Dose]  # of PLAN_UNITS

    def frown(self, force: MuscleForce, parameters: Parameters) -> Frown: ...


@dataclass(frozen=True)
class OneMuscle:
    """One muscle whose ln dose is normal over its volume; frown = untreated share + the rest times force."""

    median_units_per_mm3: float = 1.3e-3  # corrugator supercilii, licensed plan, default tissue
    sd_ln: float = 0.5
    untreated: float = 0.1
    dose: Mapping[str, Dose] = field(init=False)

    def __post_init__(self) -> None:
        z = np.linspace(-4, 4, 161)
        dose = Dose(self.median_units_per_mm3 * np.exp(self.sd_ln * z)[None], np.exp(-z * z / 2))
        object.__setattr__(self, "dose", {MAIN_MUSCLE: dose})

    def frown(self, force: MuscleForce, parameters: Parameters) -> Frown:
        movement = self.untreated + (1 - self.untreated) * force.force[MAIN_MUSCLE]
        return Frown(movement, movement, force.bulk[MAIN_MUSCLE])


class Chain:
    """The package's own chain on the reference face with the licensed glabellar pattern."""

    def __init__(self, parameters: Parameters) -> None:
        from glabella.patient import Patient
        from glabella.plan import Plan
        from glabella.stages.bolus import place_boluses
        from glabella.stages.diffusion import muscle_doses, spread_toxin
        from glabella.treatment import build_person

        self.patient = Patient()
        person = build_person(None, self.patient, parameters)
        plan = Plan.label(REFERENCE, "glabellar")
        (session,) = plan.sessions
        place = place_boluses(session, plan, person.anatomy, parameters, None)
        fields = [spread_toxin(person.spread.at(parameters), place, 1e-9)]
        self.dose = {m: Dose(d.dose_units_per_mm3, d.volume_mm3) for m, d in muscle_doses(person.anatomy, fields).items()}
        self.skin = person.skin

    def frown(self, force: MuscleForce, parameters: Parameters) -> Frown:
        from glabella.stages.skin import strain_skin

        skin = strain_skin(self.skin, force, self.patient, parameters)
        strain = skin.strain["glabellar"]["maximum_frown"]
        return Frown(skin.movement["maximum_frown"] / 100, strain / strain[0], force.bulk[MAIN_MUSCLE])


@dataclass(frozen=True)
class Fit:
    parameters: Parameters
    kept_percent: np.ndarray  # displacement kept in the 30-unit study, on its days
    reduction_percent: np.ndarray  # strain reduction after 20 units, on its days
    cost: float

    @property
    def largest_miss(self) -> float:
        return float(np.abs(self.kept_percent - column(observations()[0], "value")).max())


@cache
def observations() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    text = resources.files("glabella.evidence").joinpath("trials/frown_displacement.csv").read_text("utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["suggested_use"] == "calibrate"]
    return [r for r in rows if r["measure"] == "displacement_kept"], [r for r in rows if r["measure"] == "strain_reduction"]


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def after(model: Model, units: float, product: str, parameters: Parameters) -> Frown:
    """The frown after ``units`` in the glabellar pattern."""
    dose = {m: Dose(d.dose_units_per_mm3 * units / PLAN_UNITS, d.volume_mm3) for m, d in model.dose.items()}
    return model.frown(weaken_muscles(block_junctions(dose, np.zeros(1), DAYS, parameters, product), parameters), parameters)


def predict(model: Model, parameters: Parameters, units_glabellar: float | None = None) -> Fit:
    """Cost: squares of the misses over 10 points, and steeply more beyond the tolerance less one point."""
    displacement, strain = observations()
    units = units_glabellar or float(displacement[0]["total_dose_units"])
    kept = 100 * after(model, units, displacement[0]["product"], parameters).movement
    left = 100 * after(model, float(strain[0]["total_dose_units"]), strain[0]["product"], parameters).strain
    kept, reduction = np.interp(column(displacement, "day"), DAYS, kept), 100 - np.interp(column(strain, "day"), DAYS, left)
    miss = kept - column(displacement, "value")
    excess = np.maximum(np.abs(miss) - (TOLERANCE_POINTS - 1), 0)
    cost = (miss**2).sum() / 100 + (excess**2).sum() + ((reduction - column(strain, "value")) ** 2).sum() / 100
    return Fit(parameters, kept, reduction, float(cost))


def fit(model: Model, parameters: Parameters, units_glabellar: float | None = None, half_dose_units_per_mm3: float | None = None) -> Fit:
    """Least cost in Emax and D50, or in Emax alone at a given D50."""
    dose = model.dose[MAIN_MUSCLE].dose_units_per_mm3
    median = float(np.median(dose[dose > 0]))

    def at(ln_ratio: float, ln_d50: float) -> Fit:  # ln_ratio: thresholds that the median element of the main muscle takes up
        d50 = math.exp(ln_d50)
        emax = parameters["block_threshold_ratio"] * math.exp(ln_ratio) * (1 + d50 / median)
        return predict(model, parameters.with_values(dict(zip(FITTED, (emax, d50), strict=True))), units_glabellar)

    if half_dose_units_per_mm3 is not None:
        fixed = math.log(half_dose_units_per_mm3)
        best = minimize_scalar(lambda x: at(x, fixed).cost, bounds=(-0.5, 2.5), method="bounded", options={"xatol": 1e-3})
        return at(best.x, fixed)
    start = np.array([[0.8, math.log(median)], [1.1, math.log(median)], [0.8, math.log(2 * median)]])
    options = {"initial_simplex": start, "xatol": 3e-3, "fatol": 3e-3, "maxfev": 120}
    return at(*minimize(lambda x: at(*x).cost, start[0], method="Nelder-Mead", options=options).x)


def timing(days: np.ndarray, movement: np.ndarray) -> dict[str, float]:
    """The demo's figures: first 10 % loss, reduction on day 14, deepest day and loss, half of it gone, within 10 % of baseline."""
    loss = 1 - movement
    deepest = int(loss.argmax())

    def back(level: float) -> float:
        below = np.flatnonzero(loss[deepest:] < level)
        if not len(below) or not below[0]:
            return math.nan
        i = deepest + int(below[0])
        return float(np.interp(level, [loss[i], loss[i - 1]], [days[i], days[i - 1]]))

    onset = float(np.interp(0.1, loss[: deepest + 1], days[: deepest + 1])) if loss[deepest] > 0.1 else math.nan
    return {
        "onset": onset, "day14": float(np.interp(14, days, loss)), "deepest_day": float(days[deepest]), "deepest": float(loss[deepest]),
        "half_gone": back(loss[deepest] / 2), "last_half": back(0.5), "last_30": back(0.3), "within_10": back(0.1),
    }  # fmt: skip


def half_gone_earlier(model: Model, parameters: Parameters) -> float:
    """By which share the half-gone day of the 20-unit frown strain comes earlier with half the light chain's half-life."""
    halved = parameters.with_values({STUDIED[0]: parameters[STUDIED[0]] / 2})
    days = [timing(DAYS, after(model, PLAN_UNITS, REFERENCE, p).strain)["half_gone"] for p in (parameters, halved)]
    return 1 - days[1] / days[0]


def report(result: Fit, model: Model) -> None:
    p = result.parameters
    displacement, strain = observations()
    emax = p["junction_emax_ratio"]
    print(f"Emax = {emax:.4g} (cleaved : intact), {emax / p['block_threshold_ratio']:.3g} thresholds")
    print(f"D50  = {p['junction_d50_units_per_mm3']:.4g} units per mm3;  cost {result.cost:.2f}")
    print("\n30 units, displacement kept, %     " + "".join(f"{'d' + r['day']:>7}" for r in displacement))
    print("  measured                         " + "".join(f"{float(r['value']):7.0f}" for r in displacement))
    print("  model                            " + "".join(f"{v:7.1f}" for v in result.kept_percent))
    within = "within" if result.largest_miss <= TOLERANCE_POINTS else "OUTSIDE"
    print(f"  largest miss {result.largest_miss:.1f} points: {within} {TOLERANCE_POINTS:.0f}")
    print("\n20 units, strain reduction, %      " + "".join(f"{'d' + r['day']:>7}" for r in strain))
    print("  measured                         " + "".join(f"{float(r['value']):7.1f}" for r in strain))
    print("  model                            " + "".join(f"{v:7.1f}" for v in result.reduction_percent))
    print("\nfrown strain: units  onset  day14  deepest     half gone  loss>50%  loss>30%  loss>10%  bulk")
    for units in (10, 20, 40, 80):
        frown = after(model, units, REFERENCE, p)
        t = timing(DAYS, frown.strain)
        print(
            f"{units:19d}  {t['onset']:5.2f}  {t['day14']:5.2f}  {t['deepest']:.2f} d{t['deepest_day']:<4.0f}  {t['half_gone']:9.0f}"
            f"  {t['last_half']:8.0f}  {t['last_30']:8.0f}  {t['within_10']:8.0f}  {frown.bulk.min():.2f} d{DAYS[frown.bulk.argmin()]:.0f}"
        )
    print("demo asks at 20 units: onset 0.5-3, day14 0.55-0.85, deepest d7-45, half gone 80-130, loss > 10 % until 130-270")
    print("published: 10 to 20 units about +50 days, 20 to 40 units +5 to +35 days")
    print(f"half the half-life: half gone {half_gone_earlier(model, p):.1%} earlier (asked: 25 to 45 %)")


def profile(best: Fit, model: Model, units_glabellar: float | None) -> None:
    print("D50/mm3    Emax   cost  miss   loss > 30 % lasts longer by: 10->20, 20->40, 40->80 units")
    for factor in (0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4):
        d50 = best.parameters["junction_d50_units_per_mm3"] * factor
        r = fit(model, best.parameters, units_glabellar, half_dose_units_per_mm3=d50)
        last = [timing(DAYS, after(model, u, REFERENCE, r.parameters).strain)["last_30"] for u in (10, 20, 40, 80)]
        gains = "  ".join(f"{gain:4.0f}" for gain in np.diff(last))
        print(f"{d50:.2e}  {r.parameters['junction_emax_ratio']:5.3f}  {r.cost:5.2f}  {r.largest_miss:4.1f}   {gains}")


def study(parameters: Parameters, model: Model, units_glabellar: float | None) -> None:
    """What the muscle rates and the half-life do to movement, bulk and the pull of the half-life on the half-gone day."""
    print("half-life   ka     kh   Mmin |  cost  miss | day 168 | half gone, <10 % | half-life halved | bulk lowest")
    muscles = ((0.015, 0.02, 0.6), (0.02, 0.015, 0.5), (0.033, 0.015, 0.5), (0.033, 0.011, 0.5), (0.05, 0.003, 0.5), (0.05, 0.02, 0.5))
    for half_life in (40, 44, 60):
        for ka, kh, floor in muscles:
            r = fit(model, parameters.with_values(dict(zip(STUDIED, (half_life, ka, kh, floor), strict=True))), units_glabellar)
            frown = after(model, PLAN_UNITS, REFERENCE, r.parameters)
            t = timing(DAYS, frown.strain)
            print(
                f"{half_life:9d} {ka:6.3f} {kh:6.3f} {floor:5.2f} | {r.cost:5.1f} {r.largest_miss:5.1f} | {r.kept_percent[-1]:7.0f} |"
                f" {t['half_gone']:9.0f} {t['within_10']:6.0f} | {half_gone_earlier(model, r.parameters):9.1%} earlier |"
                f" {frown.bulk.min():.2f} d{DAYS[frown.bulk.argmin()]:.0f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("muscle", "shipped", "profile", "study"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--units-glabellar", type=float, help="default: all 30")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    parameters = load_parameters().with_values({n: float(v) for n, v in (item.split("=") for item in options.set)})
    model = OneMuscle() if options.muscle else Chain(parameters)
    if options.study:
        study(parameters, model, options.units_glabellar)
    elif options.shipped:
        report(predict(model, parameters, options.units_glabellar), model)
    elif options.profile:
        profile(fit(model, parameters, options.units_glabellar), model, options.units_glabellar)
    else:
        report(fit(model, parameters, options.units_glabellar), model)


if __name__ == "__main__":
    main()
