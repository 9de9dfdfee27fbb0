"""How many people a trial of two arms needs, or which power so many have; checked by simulated trials, averaged over the posterior.

The test is the score test of a difference of two proportions. For non-inferiority by a margin m its variance under the null hypothesis
p - q = -m is that of the maximum-likelihood rates under it, in closed form, and

    n per arm = ((z_alpha sqrt(p0 (1 - p0) + q0 (1 - q0)) + z_power sqrt(p (1 - p) + q (1 - q))) / (p - q + m))^2

(C. P. Farrington, G. Manning, Statistics in Medicine 9, 1447-1454, 1990, equation 4). For superiority m = 0, so p0 = q0 = (p + q) / 2, and
this is the formula of J. L. Fleiss, Statistical Methods for Rates and Proportions, without correction for continuity.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil
from os import cpu_count
from typing import Any

import numpy as np
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import Posterior, load_posterior
from glabella.errors import InputError
from glabella.evidence.parameters import stream
from glabella.outcome import FRAME, plain
from glabella.population.library import Progress
from glabella.trial.design import FEWEST_DRAWS, LEAST_PER_ARM, NON_INFERIORITY, SUPERIORITY, Power, Trial
from glabella.trial.result import WATERMARK
from glabella.trial.run import arm_specs, block_tasks, prepare, run_block
from glabella.trial.summary import FAILURES, KEYS
from glabella.version import own_version

SCHEMA = "glabella-power-1"
PEOPLE, DRAW_PEOPLE = 10_000, 2_000  # virtual people per arm behind the rates, and behind those of one draw
DRAWS = 40  # unless the trial says
SIMULATED = 100_000  # trials
ALPHA = {SUPERIORITY: 0.05, NON_INFERIORITY: 0.025}  # two-sided, one-sided
SHOWN = (0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)  # times the size that is found
SHOWN_WITHOUT = (50, 100, 200, 400, 800, 1600)
BAND = (5, 95)


@dataclass(frozen=True, eq=False)
class PowerResult:
    """The size of a trial.

    ``question`` has every setting filled in. ``rates`` (2,): share of those seen who meet the endpoint, in the arm and in the one it is
    compared with, from ``people`` each; ``drawn`` (draws, 2): with draws of the posterior. ``seen``: share of the people who count.
    ``patients`` per arm: None if no number reaches the power. ``simulated``: share of simulated trials that succeed.
    """

    trial: Trial
    question: Power
    people: int
    rates: np.ndarray
    drawn: np.ndarray
    seen: float
    patients: int | None
    simulated: float | None
    version: str

    def power(self, patients: float) -> float:
        """By the formula, at the shipped parameters."""
        return float(self._power(self.rates, patients))

    def drawn_power(self, patients: float) -> np.ndarray:
        """By the formula, of each draw (draws,)."""
        return self._power(self.drawn, patients)

    def assurance(self, patients: float) -> float:
        """Power averaged over the draws: the chance of success when the parameters are only known as well as they are."""
        return float(self.drawn_power(patients).mean())

    @property
    def most_assurance(self) -> float:
        """Share of the draws in which a trial that is large enough succeeds."""
        p, q = better(self.drawn, self.question.endpoint).T
        return float((p - q + margin(self.question) > 0).mean())

    @property
    def simulated_error(self) -> float | None:
        """Monte Carlo standard error of ``simulated``."""
        return None if self.simulated is None else float(np.sqrt(self.simulated * (1 - self.simulated) / SIMULATED))

    @property
    def sizes(self) -> list[int]:
        """Patients per arm worth showing."""
        if self.patients is None:
            return list(SHOWN_WITHOUT)
        return sorted({max(LEAST_PER_ARM, round(self.patients * factor)) for factor in SHOWN})

    def to_json(self) -> dict[str, Any]:
        """The result as plain data."""
        asked, n = self.question, self.patients
        spread = None if n is None else np.percentile(self.drawn_power(n), BAND)
        return {
            "schema": SCHEMA, "frame": FRAME, "watermark": WATERMARK, "version": self.version, "seed": self.trial.seed,
            "name": self.trial.name, "question": plain(replace(asked, patients=None)) | {"sides": sides(asked)},
            "arms": [
                {"name": name, "percent": plain(100 * rate), "people": self.people}
                for name, rate in zip((asked.arm, asked.against), self.rates, strict=True)
            ],
            "difference_percent": plain(100 * (self.rates[0] - self.rates[1])),
            "patients_per_arm": n,
            "power": None if n is None else plain(self.power(n)),
            "simulated": None if n is None else {
                "power": plain(self.simulated), "standard_error": plain(self.simulated_error), "trials": SIMULATED,
            },
            "assurance": {
                "draws": len(self.drawn), "people": DRAW_PEOPLE, "at_most": plain(self.most_assurance),
                "mean": None if n is None else plain(self.assurance(n)),
                "low": None if spread is None else plain(spread[0]), "high": None if spread is None else plain(spread[1]),
            },
            "curve": [
                {"patients_per_arm": size, "power": plain(self.power(size)), "assurance": plain(self.assurance(size))}
                for size in self.sizes
            ],
        }  # fmt: skip

    def _power(self, rates: np.ndarray, patients: float) -> np.ndarray:
        p, q = np.moveaxis(better(rates, self.question.endpoint), -1, 0)
        return normal_power(p, q, margin(self.question), tail(self.question), patients * self.seen)


def find_power(
    trial: Trial, posterior: Posterior | None = None, *, workers: int | None = None, progress: Progress | None = None
) -> PowerResult:
    """Answer the ``power`` of a trial; ``posterior``: the shipped one unless given, of which as many draws are taken as the trial says."""
    asked = complete(trial)
    if trial.draws == 0:
        raise InputError(f"trial {trial.name}: draws = 0: the assurance is an average over draws; give at least {FEWEST_DRAWS}")
    posterior = posterior or load_posterior()
    report = progress or (lambda step, share: None)
    people = max(trial.patients, PEOPLE)
    chosen = posterior.some(trial.draws or min(DRAWS, max(len(posterior.draws) - 1, 1)))
    jobs = [(people, None), *((DRAW_PEOPLE, posterior.values(k)) for k in chosen)]
    shorter, found = cut(trial, asked.day), []
    with threadpool_limits(1), ThreadPoolExecutor(workers or cpu_count() or 1) as pool:
        try:
            for spec in arm_specs(shorter):
                prepare(spec, progress)  # typical faces, solved once
            for one in pool.map(lambda job: find_rates(shorter, asked, *job), jobs):
                found.append(one)
                report("draws of the posterior", len(found) / len(jobs))
        finally:
            pool.shutdown(cancel_futures=True)
    rates, seen = found[0]
    drawn = np.array([rate for rate, _ in found[1:]])
    p, q = better(rates, asked.endpoint)
    evaluated = normal_size(p, q, margin(asked), tail(asked), asked.power)
    patients = asked.patients or (None if evaluated is None else max(LEAST_PER_ARM, ceil(evaluated / seen)))
    simulated = None if patients is None else simulate_power(p, q, margin(asked), tail(asked), round(patients * seen), trial.seed)
    return PowerResult(trial, asked, people, rates, drawn, seen, patients, simulated, own_version())


def complete(trial: Trial) -> Power:
    """The question of a trial with everything filled in that it leaves open."""
    asked = trial.power
    if asked is None:
        raise InputError(f"trial {trial.name}: no [power] table; add one with endpoint, rater and day, see examples/trial.toml")
    kind = asked.kind or (SUPERIORITY if asked.margin_percent is None else NON_INFERIORITY)
    arm = asked.arm or next((arm.name for arm in trial.arms if arm.treated and arm.name != asked.against), None)
    against = asked.against or next((other.name for other in trial.arms if not other.treated and other.name != arm), None)
    if arm is None or against is None:
        raise InputError(f"trial {trial.name}: power: one of two arms is open; name arm and against")
    return replace(asked, kind=kind, arm=arm, against=against, alpha=asked.alpha or ALPHA[kind])


def cut(trial: Trial, day: float) -> Trial:
    """The trial until the visit on ``day``: what comes later costs time and changes nothing."""
    arms = []
    for arm in trial.arms:
        days = tuple(session for session in arm.session_days if session < max(day, 1.0))
        plan = arm.plan and replace(arm.plan, sessions=arm.plan.sessions[: len(days)])
        arms.append(replace(arm, plan=plan, session_days=days))
    return replace(trial, arms=tuple(arms), visit_days=tuple(visit for visit in trial.visit_days if visit <= day), power=None)


def find_rates(trial: Trial, asked: Power, people: int, values: Mapping[str, float] | None) -> tuple[np.ndarray, float]:
    """Share of those seen who meet the endpoint at the last visit (2,) in the two arms, and the share who count where fewer do."""
    specs = dict(zip([arm.name for arm in trial.arms], arm_specs(trial, values), strict=True))
    key = KEYS.index((asked.endpoint, asked.rater))
    rates, seen = [], []
    for name in (asked.arm, asked.against):
        summaries = [run_block(task) for task in block_tasks(specs[str(name)], trial.seed, people)]
        met, counted = (sum(int(getattr(summary, part)[key, -1]) for summary in summaries) for part in ("met", "counted"))
        rates.append(met / max(counted, 1))
        seen.append(counted / people)
    if not min(seen):
        raise InputError(f"trial {trial.name}: power: nobody is seen on day {asked.day:g}; ask about an earlier day")
    return np.array(rates), min(seen)


def margin(asked: Power) -> float:
    """The margin as a share; none for superiority."""
    return (asked.margin_percent or 0.0) / 100


def sides(asked: Power) -> int:
    """Superiority is tested on two sides, non-inferiority on one."""
    return 2 if asked.kind == SUPERIORITY else 1


def tail(asked: Power) -> float:
    """Chance of a false success."""
    return (asked.alpha or 0.0) / sides(asked)


def better(rates: np.ndarray, endpoint: str) -> np.ndarray:
    """Rates of which more is better: of an endpoint that is a failure, the share who do not meet it."""
    return 1 - rates if endpoint in FAILURES else rates


def rates_under_null(p: np.ndarray | float, q: np.ndarray | float, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Maximum-likelihood rates of two equal arms under p - q = -margin, where p and q are seen (Farrington and Manning, appendix)."""
    p, q = np.asarray(p, float), np.asarray(q, float)
    b, c, d = -(2 + p + q - 3 * margin), margin**2 - margin * (2 * p + 2) + p + q, p * margin * (1 - margin)
    v = (b / 6) ** 3 - b * c / 24 + d / 4
    u = np.where(v < 0, -1.0, 1.0) * np.sqrt(np.maximum((b / 6) ** 2 - c / 6, 0))
    turn = np.clip(np.divide(v, u**3, out=np.ones_like(v), where=np.abs(u) > 1e-12), -1, 1)
    p0 = np.clip(2 * u * np.cos((np.pi + np.arccos(turn)) / 3) - b / 6, 0, 1 - margin)
    return p0, p0 + margin


def normal_size(p: float, q: float, margin: float, tail: float, power: float) -> int | None:
    """Patients per arm by the formula above; None if the arm is worse by the margin or more, so that no number suffices."""
    if p - q + margin <= 0:
        return None
    p0, q0 = rates_under_null(p, q, margin)
    spread = norm.isf(tail) * np.sqrt(p0 * (1 - p0) + q0 * (1 - q0)) + norm.ppf(power) * np.sqrt(p * (1 - p) + q * (1 - q))
    return max(LEAST_PER_ARM, ceil(float(spread / (p - q + margin)) ** 2))


def normal_power(p: np.ndarray, q: np.ndarray, margin: float, tail: float, patients: float) -> np.ndarray:
    """The same formula solved for the power."""
    p0, q0 = rates_under_null(p, q, margin)
    needed = norm.isf(tail) * np.sqrt(p0 * (1 - p0) + q0 * (1 - q0))
    return norm.cdf((np.sqrt(patients) * (p - q + margin) - needed) / np.sqrt(np.maximum(p * (1 - p) + q * (1 - q), 1e-12)))


def succeeds(met: np.ndarray, met_against: np.ndarray, patients: int, margin: float, tail: float) -> np.ndarray:
    """Whether the score test finds the arm better, or not worse by the margin, given who met the endpoint among ``patients`` each."""
    p, q = met / patients, met_against / patients
    p0, q0 = rates_under_null(p, q, margin)
    return p - q + margin > norm.isf(tail) * np.sqrt((p0 * (1 - p0) + q0 * (1 - q0)) / patients)


def simulate_power(p: float, q: float, margin: float, tail: float, patients: int, seed: int, trials: int = SIMULATED) -> float:
    """Share of simulated trials that succeed: binomial draws of two arms, each tested."""
    random = stream(seed, "power")
    return float(np.mean(succeeds(random.binomial(patients, p, trials), random.binomial(patients, q, trials), patients, margin, tail)))


__all__ = ["PowerResult", "find_power", "normal_power", "normal_size", "simulate_power"]
