"""The work behind the pages: the numbers of ``simulate``, built once, kept, refused, stopped, and safe for many threads at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from tests.warm import PLAN, USUAL, bench

import glabella
from glabella.app.kept import Kept
from glabella.app.workbench import Cancelled, Workbench
from glabella.errors import InputError, RefusedError
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.planner.goal import Goal

DAYS = 40


def numbers(outcome) -> dict[tuple[str, ...], np.ndarray]:
    """Every curve with its band, flat."""
    found = {}

    def add(name, curve):
        found[name] = np.stack([curve.median, curve.low, curve.high])

    for area, expressions in outcome.skin.items():
        for expression, curves in expressions.items():
            for quantity in ("strain", "grade", "fine_lines"):
                add((area, expression, quantity), getattr(curves, quantity))
    for expression, curve in outcome.movement.items():
        add(("movement", expression), curve)
    for muscle, curves in outcome.muscles.items():
        for quantity in ("force", "bulk", "blocked"):
            add((muscle, quantity), getattr(curves, quantity))
    for side, curves in outcome.brow.items():
        for part in ("head_mm", "peak_mm", "tail_mm"):
            add((side, part), getattr(curves, part))
    return found


def largest_difference(one, other) -> float:
    first, second = numbers(one), numbers(other)
    assert first.keys() == second.keys()
    return max(float(np.abs(values - second[name]).max()) for name, values in first.items())


def unwanted(outcome) -> dict[str, tuple[float, float, float]]:
    return {effect: (chance.value, chance.low, chance.high) for effect, chance in outcome.unwanted.items()}


def test_the_nominal_course_has_the_numbers_of_simulate():
    plan = PLAN.move("corrugator_medial_left", lateral_mm=1.5, up_mm=-2.0)
    simulated = glabella.simulate(plan, patient=USUAL, days=DAYS, samples=0, scene=False)
    found = bench().course(USUAL, plan, DAYS).outcome
    assert largest_difference(found, simulated) < 1e-9
    assert found.unwanted["eyelid_ptosis"].value > 0.005
    for effect, chance in unwanted(simulated).items():
        assert unwanted(found)[effect] == pytest.approx(chance, abs=1e-12)
    assert found.parameters.read == simulated.parameters.read  # so the sources are the same as well
    assert found.dose.taken_up_units == pytest.approx(simulated.dose.taken_up_units, rel=1e-9)


def test_two_sessions_and_a_site_twice_have_the_numbers_of_simulate_too():
    first = PLAN.sessions[0].injections
    twice = (replace(first[0], units=1.0), *first, replace(first[0], units=1.0, up_mm=1.0))
    plan = replace(PLAN, purpose="study", sessions=(replace(PLAN.sessions[0], injections=twice), *PLAN.repeated(20).sessions))
    simulated = glabella.simulate(plan, patient=USUAL, days=DAYS, samples=0, scene=False)
    found = bench().course(USUAL, plan, DAYS).outcome
    assert largest_difference(found, simulated) < 1e-9
    for effect, chance in unwanted(simulated).items():
        assert unwanted(found)[effect] == pytest.approx(chance, abs=1e-12)


@pytest.mark.parametrize("samples", [3, 20])  # simulate solves few samples another way than many
def test_bands_are_those_of_simulate_to_the_last_digit(samples):
    simulated = glabella.simulate(PLAN, patient=USUAL, days=DAYS, samples=samples, seed=5, scene=False)
    asked = bench().outcome(USUAL, PLAN, DAYS, samples, 5)
    assert largest_difference(asked, simulated) == 0
    assert unwanted(asked) == unwanted(simulated)
    result = bench().banded(USUAL, PLAN, DAYS, samples, 5)
    assert largest_difference(result.outcome, simulated) == 0
    assert result.samples == samples
    assert result.sampled["glabellar"].shape == (samples, len(simulated.days))


def test_no_plan_changes_nothing():
    result = bench().course(USUAL, None, DAYS)
    assert result.plan is None
    assert result.findings == ()
    assert max(float(np.ptp(curve, axis=1).max()) for curve in numbers(result.outcome).values()) < 1e-9
    assert all((force == 1).all() for force in result.course.force.force.values())
    assert result.outcome.unwanted == {}
    assert result.outcome.watermark is None
    assert result.outcome.grade("glabellar").median[0] == pytest.approx(3, abs=1e-12)
    assert bench().banded(USUAL, None, DAYS).key == result.key


def test_beyond_the_label_nothing_is_computed_but_the_remarks_are_there():
    much = PLAN.scaled(60.0)
    with pytest.raises(RefusedError, match="maximum_units"):
        bench().course(USUAL, much, DAYS)
    with pytest.raises(RefusedError):
        bench().outcome(USUAL, much, DAYS, 0)
    start = time.perf_counter()
    findings = bench().findings(USUAL, much)
    assert time.perf_counter() - start < 1.0
    assert findings[0].severity == "refuse"


def test_what_cannot_be_used_is_an_input_error():
    with pytest.raises(InputError, match="days = 0"):
        bench().course(USUAL, PLAN, 0)
    with pytest.raises(InputError, match="samples = -1"):
        bench().banded(USUAL, PLAN, DAYS, -1)
    with pytest.raises(InputError, match="outside the upper face"):
        bench().course(USUAL, PLAN.move("procerus", up_mm=-80.0), DAYS)
    with pytest.raises(InputError, match="bone"):
        bench().course(USUAL, PLAN.with_depth("procerus", 12.0), DAYS)


def test_people_with_the_same_face_share_what_was_built():
    other = Patient(frown_pattern="V", baseline={"glabellar": Grades(2, 3)}, conditions=("dry_eye",))
    one, two = bench().person(USUAL), bench().person(other)
    assert one.anatomy is two.anatomy
    assert two.patient == other
    assert bench().course(other, PLAN, DAYS).outcome.grade("glabellar", "rest").median[0] == pytest.approx(2, abs=1e-9)


def test_ten_threads_that_want_the_same_face_build_it_once_and_agree():
    fresh = Workbench()
    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda _: fresh.course(USUAL, PLAN, DAYS), range(10)))
    assert len({id(result.person.anatomy) for result in results}) == 1
    assert len({result.key for result in results}) == 1
    assert len({id(result.course) for result in results}) == 1


def test_ten_threads_with_plans_of_their_own_get_their_own_numbers():
    plans = [PLAN.move("procerus", up_mm=0.1 * n) for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda plan: bench().course(USUAL, plan, DAYS), plans))
    for plan, result in zip(plans[::3], found[::3], strict=True):
        assert result.plan == plan
        alone = Workbench().course(USUAL, plan, DAYS) if plan is plans[3] else None
        if alone is not None:
            assert largest_difference(alone.outcome, result.outcome) == 0
            assert unwanted(alone.outcome) == unwanted(result.outcome)


def test_a_result_is_kept_under_its_key_and_words_change_no_numbers():
    result = bench().course(USUAL, PLAN, DAYS)
    assert bench().result(result.key) is result
    assert bench().course(USUAL, PLAN, DAYS) is result
    worded = bench().course(USUAL, replace(PLAN, note="because of the low brow", lot="C123"), DAYS)
    assert worded.course is result.course
    assert worded.plan is not None
    assert worded.plan.note == "because of the low brow"
    assert worded.outcome.plan.lot == "C123"
    with pytest.raises(KeyError):
        bench().result("no such key")


def test_a_person_has_a_key():
    key = bench().person_key(USUAL)
    assert bench().person_of(key) == USUAL
    assert key == Workbench().person_key(Patient())
    assert key != bench().person_key(Patient(41))
    with pytest.raises(KeyError):
        bench().person_of("nobody")


def test_bands_can_be_stopped_and_asked_for_again():
    told, wanted = [], [True]

    def progress(stage, share):
        told.append((stage, share))
        wanted[0] = len(told) < 4

    with pytest.raises(Cancelled):
        bench().banded(USUAL, PLAN, DAYS, 200, 7, progress, lambda: not wanted[0])
    stopped = len(told)
    assert stopped == 4
    assert bench().banded(USUAL, PLAN, DAYS, 2, 7).samples == 2  # whoever was stopped keeps nobody waiting


def test_whoever_waits_for_a_turn_can_be_stopped():
    def stopped() -> float:
        start = time.perf_counter()
        with pytest.raises(Cancelled):
            bench().banded(USUAL, PLAN, DAYS, 2000, 9, cancelled=lambda: time.perf_counter() - start > 1.5)
        return time.perf_counter() - start

    with ThreadPoolExecutor(3) as pool:
        seconds = [running.result() for running in [pool.submit(stopped) for _ in range(3)]]
    assert max(seconds) < 30


def test_a_planned_dose_can_be_stopped():
    start, told = time.perf_counter(), []
    with pytest.raises(Cancelled):
        bench().plan_dose(
            USUAL, Goal.preset("licensed_pattern"), None, 8, 10, 1, lambda stage, share: told.append(stage), lambda: len(told) > 1
        )
    assert len(told) == 2
    assert time.perf_counter() - start < 60


def test_a_risk_map_is_made_once():
    asked = (USUAL, "onabotulinumtoxinA", "eyelid_ptosis", 4.0, 4.0)
    with pytest.raises(KeyError):
        bench().risk_map_of(bench().risk_map_key(*asked))
    found = bench().risk_map(*asked)
    assert bench().risk_map(*asked) is found
    assert bench().risk_map_of(bench().risk_map_key(*asked)) is found
    assert 0 < found.probability.max() <= 1


def test_only_so_many_values_are_kept_and_an_error_is_not():
    kept, made = Kept(2), []

    def make(value):
        made.append(value)
        return value

    assert [kept.get(key, lambda key=key: make(key)) for key in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]
    with pytest.raises(ZeroDivisionError):
        kept.get("x", lambda: 1 // 0)
    assert kept.find("x") is None
    assert kept.get("x", lambda: "mended") == "mended"


def test_a_plan_is_not_a_person():
    with pytest.raises(InputError, match=r"plan: must be a glabella\.Plan"):
        bench().course(USUAL, "glabellar", DAYS)  # type: ignore[arg-type]
    assert isinstance(PLAN, Plan)
