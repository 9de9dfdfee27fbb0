"""Junction and muscle over 180 days with three treatments: our closed forms against odeint with a right-hand side compiled by numba."""

from collections.abc import Callable

import case
import numba
import numpy as np
from measure import Claim, Subject
from scipy.integrate import odeint

from glabella.stages.junction.closed_forms import TABLE_STEP, _block_table, taken_up_ratio
from glabella.stages.junction.course import Kinetics, course_days, follow, junction_kinetics
from glabella.stages.muscle.force import waste

SESSIONS = np.array([0.0, 60.0, 120.0])
DAYS = np.concatenate([[0.0, 0.5, 1.0, 1.5], np.arange(2.0, 181.0)])
ERROR = 1e-4
PATIENTS, PATIENTS_ODE, CHECKED = 4096, 40, 12


def ours(ratio: np.ndarray, kinetics: Kinetics) -> np.ndarray:
    """Force (days, patients) for what each session brought in, ``ratio`` (sessions, patients)."""
    parameters = case.parameters()
    times = course_days(DAYS, SESSIONS)
    on_day = np.searchsorted(times[::2], DAYS)
    force = np.empty((len(DAYS), ratio.shape[1]))
    block = 256  # patients at once, so that temporaries stay in cache
    for first in range(0, ratio.shape[1], block):
        part = slice(first, first + block)
        _, lost = follow(ratio[:, part], SESSIONS, times, kinetics)
        active = 1 - lost
        lost_bulk = waste(
            times, active, parameters["muscle_atrophy_per_day"], parameters["muscle_regrowth_per_day"], parameters["muscle_bulk_floor"]
        )
        force[:, part] = active[::2][on_day] * (1 - lost_bulk[on_day])
    return force


def right_hand_side(kinetics: Kinetics) -> Callable:
    """dy/dt of (toxin inside, light chain in quick and in slow endings, sprouts, lost bulk): compiled, with our own table of the block."""
    parameters = case.parameters()
    lowest, table = _block_table(kinetics.exponent, kinetics.spread_sd_ln)
    (quick_share, quick), (slow_share, slow) = kinetics.classes
    formation, threshold = kinetics.formation_per_day, kinetics.threshold_ratio
    sprouting, release = kinetics.sprout_per_day, kinetics.sprout_release
    atrophy, regrowth, floor = (parameters[f"muscle_{name}"] for name in ("atrophy_per_day", "regrowth_per_day", "bulk_floor"))

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

    rate.force = force
    return rate


def with_odeint(ratio: np.ndarray, rate: Callable, tolerance: float) -> np.ndarray:
    """The same force, patient by patient, begun anew at each session."""
    found = np.empty((len(DAYS), ratio.shape[1]))
    ends = np.append(SESSIONS[1:], DAYS[-1])
    for patient in range(ratio.shape[1]):
        state = np.zeros(5)
        for session, (start, end) in enumerate(zip(SESSIONS, ends, strict=True)):
            state[0] += ratio[session, patient]
            here = np.flatnonzero((start <= DAYS) & (end >= DAYS))
            path = odeint(rate, state, DAYS[here], rtol=tolerance, atol=tolerance)
            found[here, patient] = rate.force(path)
            state = path[-1].copy()
    return found


def subjects() -> list[Subject]:
    kinetics = junction_kinetics(case.parameters(), "onabotulinumtoxinA")
    dose = np.exp(np.random.default_rng(1).normal(-3, 1.5, (3, PATIENTS)))
    ratio = taken_up_ratio(dose, kinetics.potency, kinetics.maximum_ratio, kinetics.half_dose_units_per_mm3)
    rate = right_hand_side(kinetics)
    exact = with_odeint(ratio[:, :CHECKED], rate, 1e-11)
    our_error = float(np.abs(ours(ratio[:, :CHECKED], kinetics) - exact).max())
    for tolerance in (10.0**-k for k in np.arange(2, 9, 0.5)):
        ode_error = float(np.abs(with_odeint(ratio[:, :CHECKED], rate, tolerance) - exact).max())
        if ode_error < ERROR:
            break
    contenders = {"ours": lambda: ours(ratio, kinetics), "odeint + numba": lambda: with_odeint(ratio[:, :PATIENTS_ODE], rate, tolerance)}
    facts = {
        "patients_per_call": {"ours": PATIENTS, "odeint": PATIENTS_ODE}, "states": 5, "sessions": 3, "days": 180,
        "largest_error_of_force": {"ours": our_error, "odeint": ode_error}, "odeint_tolerance": float(tolerance),
        "note": "one thread each; doses log-normal, different in each session; the peer reads our table of the block",
    }  # fmt: skip
    claim = Claim("kinetics against odeint + numba at 1e-4, patients/s", "ours", "odeint + numba", 200, 500, PATIENTS / PATIENTS_ODE)
    return [
        Subject(
            "kinetics", contenders, (claim,), facts,
            per_call={"ours": (PATIENTS, "patients"), "odeint + numba": (PATIENTS_ODE, "patients")},
        )
    ]  # fmt: skip
