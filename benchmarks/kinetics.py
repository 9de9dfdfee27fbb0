"""Junction and muscle over 180 days with three treatments: our closed forms against odeint with a right-hand side compiled by numba."""

from collections.abc import Callable

import case
import numba
import numpy as np
from measure import Claim, Subject
from scipy.integrate import odeint

from glabella.stages.junction import compiled
from glabella.stages.junction.closed_forms import TABLE_STEP, _block_table, taken_up_ratio
from glabella.stages.junction.course import Kinetics, coarse_course_days, course_days, follow, junction_kinetics
from glabella.stages.muscle.compiled import waste as compiled_waste
from glabella.stages.muscle.force import waste

SESSIONS = np.array([0.0, 60.0, 120.0])
DAYS = np.concatenate([[0.0, 0.5, 1.0, 1.5], np.arange(2.0, 181.0)])
ERROR = 1e-4
PATIENTS, PATIENTS_ODE, CHECKED = 4096, 40, 12


def ours(ratio: np.ndarray, kinetics: Kinetics) -> np.ndarray:
    """Force (days, patients) for what each session brought in, ``ratio`` (sessions, patients): the compiled rule of samples."""
    times = coarse_course_days(DAYS, SESSIONS)
    course, on_day = compiled.prepare(SESSIONS, times, kinetics), np.searchsorted(times, DAYS)

    def force(part: np.ndarray, found: np.ndarray) -> None:
        _, lost = compiled.follow(part, course)
        active = np.subtract(1, lost, out=lost)
        pull(active, compiled_waste(times, active, *muscle_rates()), on_day, found)

    return by_blocks(force, ratio)


@numba.njit(fastmath=True)
def pull(active: np.ndarray, lost: np.ndarray, on_day: np.ndarray, found: np.ndarray) -> None:
    for day, t in enumerate(on_day):
        for patient in range(found.shape[1]):
            found[day, patient] = active[t, patient] * (1 - lost[t, patient])


def ours_without_numba(ratio: np.ndarray, kinetics: Kinetics) -> np.ndarray:
    """The same by the finer rule of a nominal run."""
    times = course_days(DAYS, SESSIONS)
    on_day = np.searchsorted(times[::2], DAYS)

    def force(part: np.ndarray, found: np.ndarray) -> None:
        active = 1 - follow(part, SESSIONS, times, kinetics)[1]
        found[:] = active[::2][on_day] * (1 - waste(times, active, *muscle_rates())[on_day])

    return by_blocks(force, ratio)


def by_blocks(force: Callable[[np.ndarray, np.ndarray], None], ratio: np.ndarray) -> np.ndarray:
    """``force`` of 128 patients at once, written to its second argument, so that temporaries stay in cache."""
    found = np.empty((len(DAYS), ratio.shape[1]))
    for first in range(0, ratio.shape[1], 128):
        force(ratio[:, first : first + 128], found[:, first : first + 128])
    return found


def muscle_rates() -> list[float]:
    return [case.parameters()[f"muscle_{name}"] for name in ("atrophy_per_day", "regrowth_per_day", "bulk_floor")]


def right_hand_side(kinetics: Kinetics) -> tuple[Callable, Callable]:
    """Force, and dy/dt of (toxin inside, light chain in quick and in slow endings, sprouts, lost bulk): compiled, with our table of B."""
    lowest, table = _block_table(kinetics.exponent, kinetics.spread_sd_ln)
    (quick_share, quick), (slow_share, slow) = kinetics.classes
    formation, threshold = kinetics.formation_per_day, kinetics.threshold_ratio
    sprouting, release = kinetics.sprout_per_day, kinetics.sprout_release
    atrophy, regrowth, floor = muscle_rates()

    @numba.njit(fastmath=True)
    def block(light: float) -> float:
        if light <= 0:
            return 0.0
        place = (np.log(light / threshold) - lowest) / TABLE_STEP
        place = min(max(place, 0.0), len(table) - 1.000001)
        index = int(place)
        return table[index] + (place - index) * (table[index + 1] - table[index])

    @numba.njit(fastmath=True)
    def rate(y: np.ndarray, t: float) -> np.ndarray:
        out = np.empty(5)
        blocked = quick_share * block(y[1]) + slow_share * block(y[2])
        inactive = blocked * (1 - release * y[3])
        out[0] = -formation * y[0]
        out[1] = formation * y[0] - quick * y[1]
        out[2] = formation * y[0] - slow * y[2]
        out[3] = sprouting * (blocked - y[3])
        out[4] = atrophy * inactive * (1 - floor - y[4]) - regrowth * (1 - inactive) * y[4]
        return out

    @numba.njit(fastmath=True)
    def force(y: np.ndarray) -> np.ndarray:
        found = np.empty(len(y))
        for i in range(len(y)):
            blocked = quick_share * block(y[i, 1]) + slow_share * block(y[i, 2])
            found[i] = (1 - blocked * (1 - release * y[i, 3])) * (1 - y[i, 4])
        return found

    return force, rate


def with_odeint(ratio: np.ndarray, force: Callable, rate: Callable, tolerance: float) -> np.ndarray:
    """The same force, patient by patient, begun anew at each session."""
    found = np.empty((len(DAYS), ratio.shape[1]))
    ends = np.append(SESSIONS[1:], DAYS[-1])
    for patient in range(ratio.shape[1]):
        state = np.zeros(5)
        for session, (start, end) in enumerate(zip(SESSIONS, ends, strict=True)):
            state[0] += ratio[session, patient]
            here = np.flatnonzero((start <= DAYS) & (end >= DAYS))
            path = odeint(rate, state, DAYS[here], rtol=tolerance, atol=tolerance)
            found[here, patient] = force(path)
            state = path[-1].copy()
    return found


def subjects() -> list[Subject]:
    kinetics = junction_kinetics(case.parameters(), "onabotulinumtoxinA")
    dose = kinetics.half_dose_units_per_mm3 * np.exp(np.random.default_rng(1).normal(0, 1.5, (3, PATIENTS)))
    ratio = taken_up_ratio(dose, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
    model = right_hand_side(kinetics)
    exact = with_odeint(ratio[:, :CHECKED], *model, 1e-11)
    plain = ours_without_numba(ratio, kinetics)
    plain_error = float(np.abs(plain[:, :CHECKED] - exact).max())
    our_error = plain_error + float(np.abs(ours(ratio, kinetics) - plain).max())  # of all patients
    for tolerance in (10.0**-k for k in np.arange(2, 9, 0.5)):
        ode_error = float(np.abs(with_odeint(ratio[:, :CHECKED], *model, tolerance) - exact).max())
        if ode_error < ERROR:
            break
    contenders = {
        "ours": lambda: ours(ratio, kinetics), "ours without numba": lambda: ours_without_numba(ratio, kinetics),
        "odeint + numba": lambda: with_odeint(ratio[:, :PATIENTS_ODE], *model, tolerance),
    }  # fmt: skip
    facts = {
        "patients_per_call": {"ours": PATIENTS, "odeint": PATIENTS_ODE}, "states": 5, "sessions": 3, "days": 180,
        "largest_error_of_force": {"ours": our_error, "ours without numba": plain_error, "odeint": ode_error},
        "odeint_tolerance": float(tolerance),
        "note": "one thread each; doses log-normal about the half dose, different in each session; the peer reads our table of the block",
    }  # fmt: skip
    assert max(our_error, plain_error) < ERROR
    claim = Claim("kinetics against odeint + numba at 1e-4, patients/s", "ours", "odeint + numba", 200, 500, PATIENTS / PATIENTS_ODE)
    per_call = {name: (PATIENTS_ODE if "odeint" in name else PATIENTS, "patients") for name in contenders}
    return [Subject("kinetics", contenders, (claim,), facts, per_call=per_call)]
