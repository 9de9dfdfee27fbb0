"""Plan for virtual patients that no tuning has seen, and judge every plan on samples of its own: docs/planner-study.csv.

    python tools/planner_study.py [--patients 20] [--seed 11]

Each row is kept as it is found, so a stopped run goes on where it was. Per patient: a plan for mild lines on day 30 with probability 0.7
and lid ptosis of at most 2 %, judged on 150 fresh samples of the full simulation; the licensed pattern on the same; and the patient's own
hidden traits (sensitivity, half-life, formation, muscle strength, as drawn for a trial), which the planner does not know, on 24 fresh
placements. Then the usual patient planned with and without scatter of the needles, both judged at the usual scatter.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from glabella.evidence import Parameters, load_parameters
from glabella.frown import FROWN_PATTERNS
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.planner.goal import Goal, Limits, Needles
from glabella.planner.infeasible import InfeasibleError
from glabella.planner.lowest_dose import lowest_dose
from glabella.planner.simulated import judge
from glabella.population.arms import trial_values
from glabella.population.library import typical_patients
from glabella.population.people import Mix, draw_people
from glabella.stages.unwanted import placement_offsets
from glabella.stages.wrinkle.scale import wrinkle_scale
from glabella.treatment import SAMPLE_TOLERANCE, build_person, run_course, treat

OUT = Path(__file__).resolve().parents[1] / "docs" / "planner-study.csv"
GOAL = Goal("glabellar", 1, 30, with_probability=0.7, limits=Limits(eyelid_ptosis=0.02))
MUSCLES = ("corrugator_supercilii", "procerus", "depressor_supercilii", "frontalis")
PLACEMENTS, SAMPLES = 24, 150
COLUMNS = (
    "case", "sex", "age_years", "frown_pattern", "grade", "feasible", "units", "licensed_units", "promised", "reached", "low", "high",
    "licensed_reached", "ptosis", "ptosis_limit", "licensed_ptosis", "with_hidden_traits", "seconds", "note",
)  # fmt: skip


def virtual_patients(count: int, seed: int) -> list[tuple[Patient, dict[str, float]]]:
    """Patients, and the factors on the parameter table that are theirs and that nobody knows."""
    population = trial_values()
    people = draw_people(seed, 0, Mix(), len(MUSCLES), 1, population, count)
    margins = [p.frontalis_upper_margin_mm for p in typical_patients(population["person_frontalis_margin_sd_mm"])]
    severe = np.random.default_rng(seed).random(count) < Mix().severe_share
    found = []
    for n in range(count):
        male = bool(people.male[n])
        patient = Patient(
            age_years=float(round(people.age_years[n])), sex="male" if male else "female",
            frontalis_upper_margin_mm=margins[2 * male + bool(people.high_frontalis[n])],
            frown_pattern=list(FROWN_PATTERNS)[int(people.pattern[n])],
            baseline={"glabellar": Grades(rest=1, contraction=3 if severe[n] else 2)},
        )  # fmt: skip
        factors = {
            "junction_d50_units_per_mm3": float(np.exp(-people.sensitivity_ln[n])),
            "light_chain_half_life_days": float(np.exp(people.half_life_ln[n])),
            "light_chain_formation_per_day": float(np.exp(people.formation_ln[n])),
            **{f"{m}_tension_newton": float(np.exp(people.size_ln[n, k])) for k, m in enumerate(MUSCLES)},
        }
        found.append((patient, factors))
    return found


def with_hidden_traits(patient: Patient, plan: Plan, factors: dict[str, float], table: Parameters, seed: int) -> float:
    """Chance over needles and raters that this very person reaches the goal."""
    own = table.with_values({name: table[name] * factor for name, factor in factors.items()})
    person = build_person(None, patient, own)
    sites = [i.site for i in plan.sessions[0].injections]
    scale, chances = wrinkle_scale(own), []
    for n in range(PLACEMENTS):
        offsets = placement_offsets(sites, seed, n, 0, own)
        course = run_course(person, plan, np.array([0.0, 7, 14, 30]), own, [offsets], SAMPLE_TOLERANCE)
        depth = course.wrinkles.depth_mm["glabellar"]["maximum_frown"][-1:]
        chances.append(float(scale.rated_at_most(depth, 1)[0][0]))
    return float(np.mean(chances))


def study_patient(number: int, patient: Patient, factors: dict[str, float], table: Parameters) -> dict:
    from time import perf_counter

    start = perf_counter()
    row = {
        "case": f"patient {number}", "sex": patient.sex, "age_years": f"{patient.age_years:g}", "frown_pattern": patient.frown_pattern,
        "grade": f"{patient.baseline['glabellar'].contraction:g}", "promised": GOAL.with_probability, "ptosis_limit": 0.02,
    }  # fmt: skip
    goal = GOAL
    for _ in range(2):
        try:
            planned = lowest_dose(None, patient, goal=goal, draws=64, samples=64, seed=number)
            break
        except InfeasibleError as error:
            if error.nearest is None or goal is not GOAL:
                return row | {"feasible": "no", "note": str(error)}
            row |= {"promised": error.nearest.with_probability, "note": f"0.7 is out of reach: {'; '.join(error.binding)}"}
            goal = error.nearest
    row["feasible"] = "yes" if goal is GOAL else "nearest goal"
    fresh = 10**6 + number
    person = build_person(None, patient, table)
    found = [treat(person, plan, table, 60, SAMPLES, fresh) for plan in (planned.plan, planned.licensed)]
    mine, theirs = (judge(goal.objectives[0], [treatment]) for treatment in found)
    return row | {
        "units": f"{planned.plan.units:g}", "licensed_units": f"{planned.licensed.units:g}", "reached": f"{mine.value:.3f}",
        "low": f"{mine.low:.3f}", "high": f"{mine.high:.3f}", "licensed_reached": f"{theirs.value:.3f}",
        "ptosis": f"{found[0].risks['eyelid_ptosis'].value:.4f}", "licensed_ptosis": f"{found[1].risks['eyelid_ptosis'].value:.4f}",
        "with_hidden_traits": f"{with_hidden_traits(patient, planned.plan, factors, table, fresh):.3f}",
        "seconds": f"{perf_counter() - start:.0f}",
    }  # fmt: skip


def study_robust(table: Parameters) -> list[dict]:
    """The usual patient planned without and with scatter; both judged with it."""
    patient = Patient()
    rows = []
    goal = replace(GOAL, with_probability=0.75, limits=Limits(eyelid_ptosis=0.01))
    person = build_person(None, patient, table)
    for name, scatter in (("nominal plan", 0.0), ("robust plan", table["placement_sd_mm"])):
        planned = lowest_dose(None, patient, goal=replace(goal, needles=Needles(placement_sd_mm=scatter)), draws=96, samples=120, seed=5)
        found = treat(person, planned.plan, table, 60, SAMPLES, 10**6)
        reached = judge(goal.objectives[0], [found])
        rows.append({
            "case": name, "sex": patient.sex, "age_years": "40", "frown_pattern": "U", "grade": "3", "feasible": "yes",
            "units": f"{planned.plan.units:g}", "licensed_units": "20", "promised": goal.with_probability,
            "reached": f"{reached.value:.3f}",
            "low": f"{reached.low:.3f}", "high": f"{reached.high:.3f}", "ptosis": f"{found.risks['eyelid_ptosis'].value:.4f}",
            "ptosis_limit": 0.01, "note": f"planned at a scatter of {scatter:g} mm per axis, judged at {table['placement_sd_mm']:g}",
        })  # fmt: skip
    return rows


def keep(rows: list[dict]) -> None:
    """Write beside, then rename."""
    beside = OUT.with_suffix(".part")
    with beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(OUT)


@click.command()
@click.option("--patients", default=20, show_default=True)
@click.option("--seed", default=11, show_default=True)
def main(patients: int, seed: int) -> None:
    """Run what is not in the file yet."""
    rows = list(csv.DictReader(OUT.open(encoding="utf-8"))) if OUT.exists() else []
    done, table = {row["case"] for row in rows}, load_parameters()
    if "robust plan" not in done:
        rows = [row for row in rows if row["case"] != "nominal plan"] + study_robust(table)
        keep(rows)
    for number, (patient, factors) in enumerate(virtual_patients(patients, seed), start=1):
        if f"patient {number}" not in done:
            rows.append(study_patient(number, patient, factors, table))
            keep(rows)
            print(rows[-1], file=sys.stderr)


if __name__ == "__main__":
    main()
