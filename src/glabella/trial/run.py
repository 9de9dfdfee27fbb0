"""The run of a trial: every arm block by block, each block reduced to counts and sums where it was computed.

``run_block`` is a pure function of a small picklable task, so that any ordered map over tasks gives the same trial bit by bit:
threads here (the default), or the processes of a cluster.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial, reduce
from itertools import chain, islice
from math import sqrt
from operator import add

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import Posterior
from glabella.errors import InputError, SolverError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.parameters import load_population
from glabella.label import check_plan, ensure_allowed
from glabella.names import AREAS
from glabella.plan import Plan
from glabella.population.arms import arm_setting, dosed_plan, trial_values
from glabella.population.block import CANDIDATES, Setting, baseline_shift, follow
from glabella.population.endpoints import rated
from glabella.population.library import Progress, find_archetypes
from glabella.population.people import BLOCK, Mix
from glabella.stages.junction.course import junction_kinetics
from glabella.trial.design import Arm, Trial
from glabella.trial.result import ArmResult, Effect, TrialResult
from glabella.trial.summary import BlockSummary, attend, summarise_block
from glabella.version import own_version

TRANSPORT_STAGES = ("anatomy", "bolus", "diffusion", "skin")  # whose rows typical faces depend on,
LANDING = ("placement_sd_mm", "placement_depth_sd_mm")  # and these
FEWEST = 10  # people of a block: with fewer, screening takes longer than anybody waits
SURE = 6.0  # standard deviations by which the candidates suffice


@dataclass(frozen=True)
class ArmSpec:
    """Everything that the numbers of one arm depend on, but its size: small, hashable, picklable.

    ``pattern_units``: dose that names the pattern of needles where ``plan`` does not, of a placebo arm that of the arm it goes with.
    ``values``: rows of the tables that are replaced.
    """

    product: str
    indication: str
    dose_units: float
    pattern_units: float
    session_days: tuple[float, ...]
    plan: Plan | None
    visit_days: tuple[float, ...]
    mix: Mix
    missing: str
    values: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class BlockTask:
    """One block of one arm: its number, and how many of its people are wanted."""

    spec: ArmSpec
    seed: int
    block: int
    people: int


@dataclass(frozen=True)
class Prepared:
    """What the blocks of an arm share: the setting, the shift of line depths and how many people enter per block."""

    setting: Setting
    shift: float
    entering: int


Compute = Callable[[Callable[[BlockTask], BlockSummary], Sequence[BlockTask]], Iterable[BlockSummary]]
_PREPARING = threading.Lock()
_PREPARED: dict[ArmSpec, Prepared] = {}
_ENTRY: dict[tuple, tuple[Setting, float, int]] = {}
MOST_PREPARED = 1024  # light: the typical faces are shared


def run_trial(
    trial: Trial,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    values: Mapping[str, float] | None = None,
    compute: Compute | None = None,
    side_effects: bool = True,
    posterior: Posterior | None = None,
) -> TrialResult:
    """Run every arm of the trial; the same seed gives the same numbers for any number of ``workers``.

    ``values`` replace rows of parameters.csv and population.csv. ``compute(function, tasks)``: an ordered map of a picklable function
    over tasks, instead of threads of this process. ``side_effects=False`` leaves them out: they take a few seconds, whatever the size.
    ``posterior``: of which the trial's ``draws`` are taken, the shipped one unless given; a row in ``values`` is not drawn.
    """
    from glabella.trial.spread import draw_specs, draw_tasks, find_spread

    if not isinstance(trial, Trial):
        raise InputError(f"trial: must be a glabella.Trial, not {type(trial).__name__}; read a file with Trial.read")
    report = progress or (lambda step, share: None)
    specs, again = arm_specs(trial, values), draw_specs(trial, values, posterior)
    for arm in trial.arms:
        if arm.plan is not None:
            ensure_allowed(check_plan(arm.plan))
    with threadpool_limits(1):  # results must not depend on how many threads a matrix product uses
        for spec in specs:
            prepare(spec, progress)
        by_arm = [block_tasks(spec, trial.seed, trial.patients_of(arm)) for arm, spec in zip(trial.arms, specs, strict=True)]
        tasks = [task for tasks_of_arm in by_arm for task in tasks_of_arm]
        with _local_map(workers) as (local, start):
            effects = start(_side_effects, trial, specs) if side_effects else None
            many = partial(compute, _run_elsewhere) if compute else partial(local, run_block)
            under_way = many(tasks)
            by_draw = draw_tasks(again, trial.seed)  # threads are at work meanwhile
            drawn = [task for blocks in by_draw for task in blocks]
            found = _told(chain(under_way, many(drawn) if drawn else ()), len(tasks) + len(drawn), report)
            summaries = [reduce(add, islice(found, len(tasks_of_arm))) for tasks_of_arm in by_arm]
            spread = find_spread(trial, by_draw, found)
            report("side effects", 0.0)
            unwanted = effects.result() if effects else [()] * len(specs)
    arms = tuple(map(ArmResult, trial.arms, summaries, unwanted))
    settings = {"people_per_block": [prepare(spec).entering for spec in specs], "candidates_per_block": CANDIDATES}
    return TrialResult(trial, arms, trial.seed, own_version(), settings, _hash(specs[0].values), dict(specs[0].values), spread)


def _told(summaries: Iterable[BlockSummary], count: int, report: Progress) -> Iterator[BlockSummary]:
    for done, summary in enumerate(summaries, start=1):
        report("people", done / count)
        yield summary


def arm_specs(trial: Trial, values: Mapping[str, float] | None = None) -> list[ArmSpec]:
    """The specification of every arm; placebo takes the needles of the first treated arm with its indication."""
    overrides = dict(values or {})
    for name in ("visit_missed_share", "dropout_per_day"):
        if getattr(trial, name) is not None:
            overrides[name] = getattr(trial, name)
    _check_values(overrides)
    specs = []
    for arm in trial.arms:
        like = arm
        if not arm.treated:
            like = next((a for a in trial.arms if a.treated and (a.product, a.indication) == (arm.product, arm.indication)), arm)
        labelled = Plan.label(arm.product, arm.indication, purpose="study").units if like.plan is None else like.dose_units
        specs.append(
            ArmSpec(
                arm.product, arm.indication, arm.dose_units, like.dose_units or labelled, arm.session_days, like.plan, trial.visit_days,
                trial.mix, trial.missing, tuple(sorted(overrides.items())),
            )
        )  # fmt: skip
    return specs


def block_tasks(spec: ArmSpec, seed: int, patients: int) -> list[BlockTask]:
    """The blocks of an arm; all but the last are wanted whole."""
    size = prepare(spec).entering
    return [BlockTask(spec, seed, block, min(size, patients - block * size)) for block in range(-(-patients // size))]


def run_block(task: BlockTask) -> BlockSummary:
    """Follow one block of people; it is always computed whole and then cut, so that its people do not depend on how many are wanted."""
    spec, prepared = task.spec, prepare(task.spec)
    setting = prepared.setting
    block = follow(setting, prepared.shift, task.seed, task.block, prepared.entering)
    entered = len(block.before_ln)
    if entered < task.people:
        raise SolverError(f"block {task.block}: only {entered} of {CANDIDATES} people enter, {task.people} are needed; report this")
    found = rated(setting, block, task.seed, task.block)
    values = setting.values
    attendance = attend(
        setting.visit_days, entered, task.seed, task.block, values["visit_missed_share"], values["dropout_per_day"]
    )  # fmt: skip
    return summarise_block(block, found, setting.visit_days, attendance, spec.missing, spec.session_days[-1], task.people)


def _run_elsewhere(task: BlockTask) -> BlockSummary:
    """``run_block`` in a process of its own, whose matrix products stay on one thread from now on."""
    _limit_threads()
    return run_block(task)


@lru_cache(maxsize=1)
def _limit_threads() -> None:
    threadpool_limits(1)


def prepare(spec: ArmSpec, progress: Progress | None = None) -> Prepared:
    """What the blocks of an arm share, once per process; typical faces come from the cache folder or are solved here."""
    found = _PREPARED.get(spec)
    if found is not None:
        return found  # nobody who has work to do waits for a spec of somebody else
    with _PREPARING:
        if spec not in _PREPARED:
            if len(_PREPARED) >= MOST_PREPARED:
                _PREPARED.clear()
            setting = _setting(spec, progress)
            _PREPARED[spec] = Prepared(setting, *_entry(setting, spec.values))
        return _PREPARED[spec]


def _entry(setting: Setting, values: tuple[tuple[str, float], ...]) -> tuple[float, int]:
    """Shift of line depths and people per block, which come before any treatment: the same for arms of the same faces, areas and mix."""
    key = (*map(id, setting.archetypes), setting.areas, setting.mix, values)
    if key not in _ENTRY:
        if len(_ENTRY) >= MOST_PREPARED:
            _ENTRY.clear()
        shift = baseline_shift(setting)
        _ENTRY[key] = (setting, shift, _entering(setting, shift))  # the setting keeps its faces, and so their ids
    return _ENTRY[key][1:]


def hold(prepared: Mapping[ArmSpec, Prepared]) -> None:
    """Take what arms share from the process that prepared it."""
    with _PREPARING:
        if len(_PREPARED) + len(prepared) > MOST_PREPARED:
            _PREPARED.clear()
        _PREPARED.update(prepared)


def _setting(spec: ArmSpec, progress: Progress | None) -> Setting:
    values, parameters = trial_values(dict(spec.values)), face_parameters(spec.values)
    if spec.plan is None:
        setting = arm_setting(
            spec.product, spec.indication, spec.pattern_units, spec.visit_days, spec.mix, values,
            session_days=spec.session_days, parameters=parameters, progress=progress,
        )  # fmt: skip
    else:
        areas = tuple(area for area in AREAS if area == spec.indication or area.startswith(f"{spec.indication}_"))
        archetypes = find_archetypes(spec.plan, areas, parameters, values["person_frontalis_margin_sd_mm"], progress)
        units = np.array([[injection.units for injection in session.injections] for session in spec.plan.sessions])
        setting = Setting(
            archetypes, areas, units, np.array(spec.session_days), np.array(spec.visit_days, float), spec.mix,
            junction_kinetics(values, spec.product), values,
        )  # fmt: skip
    return setting if spec.dose_units else replace(setting, units=np.zeros_like(setting.units))


def _entering(setting: Setting, shift: float) -> int:
    """People per block: as many as surely enter of the candidates, ``BLOCK`` at most. A function of the arm, not of the seed."""
    untreated = replace(setting, units=np.zeros_like(setting.units), visit_days=setting.visit_days[:1])
    trying = follow(untreated, shift, 0, 0, CANDIDATES)
    expected = len(trying.before_ln)
    entering = min(BLOCK, int(expected - SURE * sqrt(expected)))
    if entering < FEWEST:
        raise InputError(
            f"trial: of {CANDIDATES} people screened only {expected} would enter; raise the share that is rated severe at entry "
            f"({setting.mix.severe_share:g}), or let the investigator alone screen"
        )
    return entering


def stage_parameters(values: Sequence[tuple[str, float]]) -> Parameters:
    """The table of the stages with the rows that are replaced."""
    table = load_parameters()
    return table.with_values({name: value for name, value in values if name in table.rows})


def face_parameters(values: Sequence[tuple[str, float]]) -> Parameters:
    """The same with only those rows replaced that change a typical face: all others leave it as it is, solved once."""
    rows = load_parameters().rows
    return stage_parameters([(name, v) for name, v in values if name in rows and (rows[name].stage in TRANSPORT_STAGES or name in LANDING)])


def _check_values(values: Mapping[str, float]) -> None:
    stages, people = load_parameters(), load_population()
    stages.with_values({name: value for name, value in values.items() if name not in people.rows})
    people.with_values({name: value for name, value in values.items() if name in people.rows})


def _hash(values: Sequence[tuple[str, float]]) -> str:
    """Hash over every parameter in force, of the stages and of the population."""
    text = "\n".join(f"{name}={value!r}" for name, value in sorted(trial_values(dict(values)).items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _side_effects(trial: Trial, specs: Sequence[ArmSpec]) -> list[tuple[Effect, ...]]:
    from glabella.trial.unwanted import find_effects

    plans = [arm_units_plan(arm, spec) for arm, spec in zip(trial.arms, specs, strict=True)]
    return find_effects(trial, plans, stage_parameters(specs[0].values))


def arm_units_plan(arm: Arm, spec: ArmSpec) -> Plan:
    """What an arm injects, as a plan: the pattern's needles and volumes with the arm's units (placebo: the units it stands for)."""
    if spec.plan is not None:
        return spec.plan
    plan = dosed_plan(spec.product, spec.indication, spec.pattern_units)
    return replace(plan, sessions=tuple(replace(plan.sessions[0], day=day) for day in arm.session_days))


@contextmanager
def _local_map(workers: int | None) -> Iterator[tuple[Compute, Callable[..., Future]]]:
    """An ordered map over threads of this process (nearly all time is spent inside numpy, which lets threads run side by side), and a
    way to have something else done meanwhile."""
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        yield pool.map, pool.submit
    finally:
        pool.shutdown(cancel_futures=True)
