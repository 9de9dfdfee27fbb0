"""Set a goal, let the planner look for the lowest dose, see it beside the licensed pattern, take it or leave it."""

from dataclasses import dataclass, replace
from typing import Any

from nicegui import ui

from glabella.app.desk import Desk, licensed_areas
from glabella.app.follow import Hands
from glabella.app.pages.controls import block, button, check_field, choice_field, enable, finding, number_field, segmented, table, told
from glabella.app.services import Services
from glabella.app.workbench import Cancelled
from glabella.errors import GlabellaError
from glabella.outcome import GRADES
from glabella.planner.goal import PRESETS, Goal
from glabella.planner.result import PlannedDose
from glabella.planner.show import condition_rows, movement_rows, needle_rows, sentence, side_effect_rows, with_band

PRESET_WORDS = {
    "licensed_pattern": "As the licensed pattern", "keep_more_movement": "Keep more movement", "least_brow_change": "Least brow change",
}  # fmt: skip
GRADE_WORDS = {str(n): f"{n} {GRADES[n]} or less" for n in range(3)}
EFFORTS = {"quick": (16, 40), "thorough": (64, 200)}  # draws to plan on, fresh samples to judge by
EFFORT_WORDS = {"quick": "Quick", "thorough": "Thorough"}
EFFORT_TIPS = {"quick": "Under a minute; wide intervals", "thorough": "As the command line plans; some minutes"}


@dataclass
class _Run:
    """A planning under way."""

    stage: str = "waiting"
    share: float = 0.0
    cancelled: bool = False


class GoalForm:
    """The goal tab."""

    def __init__(self, desk: Desk, services: Services, hands: Hands) -> None:
        self.desk, self.services, self.hands = desk, services, hands
        self._goal = Goal.preset("licensed_pattern")
        self._run: _Run | None = None
        self._planned: PlannedDose | None = None
        self._closed = False
        self._client = ui.context.client
        self._client.on_delete(self._close)
        with block("gl-form") as self.form:
            pass
        self._effort = "quick"
        with block("gl-row"):
            segmented("How carefully", EFFORT_WORDS, "quick", self._set_effort, tips=EFFORT_TIPS)
            self.go = button("Look for the lowest dose", self._start, primary=True)
            self.stop = button("Cancel", self._cancel)
            enable(self.stop, False)
        with block("gl-told").props('role="status"') as self.state:
            pass
        self.bar = ui.element("progress").classes("gl-wide")
        self.bar.props["max"], self.bar.props["value"] = 1, 0
        self.bar.props["aria-label"] = "Planning"
        self.bar.set_visibility(False)
        self.found = block("gl-told")
        self.timer = ui.timer(0.25, self._tick, active=False)
        self._for: tuple[Any, ...] = ()
        self.build()
        desk.listen(lambda rows: self._changed())

    def build(self) -> None:
        """The fields of the goal."""
        goal = self._goal
        self._for = (self.desk.note.patient, self.desk.note.product, self.desk.note.purpose)
        self.form.clear()
        with self.form:
            segmented("Start from", {p: PRESET_WORDS[p] for p in PRESETS}, self._preset, self._from_preset)
            with block("gl-wide", "fieldset"):
                told("Treat", "gl-label", "legend")
                for area in licensed_areas(self.desk.note.product):
                    check_field(area.replace("_", " "), area in goal.areas, lambda on, area=area: self._area(area, on))
            choice_field(
                "Lines rated",
                GRADE_WORDS,
                str(goal.grade_at_most),
                lambda v: self._set(grade_at_most=int(v)),
                tip="By a trial's rater, 0 to 3",
            )
            number_field("From day", goal.on_day, lambda v: self._set(on_day=v), least=1, step=1)
            number_field("Until day", goal.until_day, lambda v: self._set(until_day=v), least=1, step=1)
            number_field(
                "With a chance of", 100 * goal.with_probability, self._percent("with_probability"), unit="%", least=1, most=99, step=1
            )
            for name, words in (("maximum_frown", "Frown kept"), ("brow_raise", "Brow raise kept")):
                number_field(
                    f"{words}, at least", goal.keep.get(name), lambda v, n=name: self._keep(n, v), unit="%", least=0, most=100, step=5
                )
            number_field(
                "Brow drop, at most", goal.brow_drop_at_most_mm, lambda v: self._set(brow_drop_at_most_mm=v), unit="mm", least=0, step=0.1
            )
            limit = goal.limits.eyelid_ptosis
            number_field(
                "Drooping eyelid, at most",
                None if limit is None else 100 * limit,
                self._limit("eyelid_ptosis"),
                unit="%",
                least=0,
                step=0.5,
            )
            steps = {"0.5": "0.5 U", "1.0": "1 U"}
            choice_field(
                "Steps of the dose", steps, f"{goal.needles.dose_step_units:.1f}", lambda v: self._needles(dose_step_units=float(v))
            )
            number_field("Needles, at most", goal.needles.most_needles, lambda v: self._needles(most_needles=v), least=1, step=1)

    def _changed(self) -> None:
        """Another person or product: what was found was not for them, and other areas may be licensed."""
        now = (self.desk.note.patient, self.desk.note.product, self.desk.note.purpose)
        if now == self._for:
            return
        known = licensed_areas(self.desk.note.product)
        product_changed = not self._for or now[1] != self._for[1]
        self._for = now
        if self._planned is not None:
            self._discard()
            self._say("The plan that was found was for other circumstances; look again.")
        if product_changed:
            self._set(area=tuple(area for area in self._goal.areas if area in known) or known[:1])
            self.build()

    _preset = "licensed_pattern"

    def _set_effort(self, name: str) -> None:
        self._effort = name

    def _from_preset(self, name: str) -> None:
        self._preset = name
        self._goal = Goal.preset(name)
        self.build()

    def _set(self, **changes: Any) -> str | None:
        try:
            self._goal = replace(self._goal, **changes)
        except GlabellaError as error:
            return str(error)
        except TypeError:
            return "a number is needed here"
        return None

    def _percent(self, name: str) -> Any:
        return lambda value: self._set(**{name: None if value is None else value / 100})

    def _keep(self, name: str, value: float | None) -> str | None:
        kept = {n: v for n, v in self._goal.keep.items() if n != name}
        return self._set(keep=kept if value is None else {**kept, name: value})

    def _limit(self, name: str) -> Any:
        def change(value: float | None) -> str | None:
            try:
                return self._set(limits=replace(self._goal.limits, **{name: None if value is None else value / 100}))
            except GlabellaError as error:
                return str(error)

        return change

    def _needles(self, **changes: Any) -> str | None:
        try:
            return self._set(needles=replace(self._goal.needles, **changes))
        except GlabellaError as error:
            return str(error)

    def _area(self, area: str, on: bool) -> None:
        areas = tuple(
            one for one in licensed_areas(self.desk.note.product) if (one in self._goal.areas and one != area) or (on and one == area)
        )
        if areas:
            self._set(area=areas)

    # --- planning -----------------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        if self._run is not None:
            return
        run = self._run = _Run()
        note, (draws, samples) = self.desk.note, EFFORTS[self._effort]
        self.found.clear()
        enable(self.go, False)
        enable(self.stop, True)
        self.bar.set_visibility(True)
        self.timer.activate()
        try:
            goal = replace(self._goal, product=note.product, purpose=note.purpose)

            def tell(stage: str, share: float) -> None:
                run.stage, run.share = stage, share

            planned = await self.hands.later(
                lambda: self.services.workbench.plan_dose(
                    note.patient, goal, draws=draws, samples=samples, progress=tell, cancelled=lambda: run.cancelled
                )
            )
            if self._closed:
                return
            if (note.patient, note.product, note.purpose) != self._for:
                self._say("Person, product or purpose changed meanwhile; look again.")
                return
            self._show(planned)
            self._say("The plan below was found on the planner's draws and judged by the full simulation on fresh samples.")
        except Cancelled:
            if not self._closed:
                self._say("Cancelled. Nothing was changed.")
        except GlabellaError as error:
            if not self._closed:
                self._say("")
                with self.found:
                    finding("caution", str(error))
        finally:
            self._run = None
            if not self._closed:
                self.timer.deactivate()
                self.bar.set_visibility(False)
                enable(self.go, True)
                enable(self.stop, False)

    def _close(self) -> None:
        """The page is gone: nobody waits for the plan."""
        self._closed = True
        if self._run is not None:
            self._run.cancelled = True

    def _cancel(self) -> None:
        if self._run is not None:
            self._run.cancelled = True
            self._say("Cancelling ...")

    def _tick(self) -> None:
        if self._run is not None and not self._run.cancelled:
            self._say(f"{self._run.stage}: {self._run.share:.0%}")
            self.bar.props["value"] = round(self._run.share, 3)

    def _say(self, words: str) -> None:
        self.state.clear()
        with self.state:
            told(words, "", "p")

    def _show(self, planned: PlannedDose) -> None:
        self._planned = planned
        self.found.clear()
        with self.found:
            told("Lowest dose found, beside the licensed pattern", "", "h3")
            told(sentence(planned), "", "p")
            table(("Needle", "Aim", "Units found", "Units licensed"), needle_rows(planned), "Units per needle")
            conditions = [(row.says, row.asked_text, with_band(row.planned), with_band(row.licensed)) for row in condition_rows(planned)]
            table(("Asked for", "Chance asked", "Found plan", "Licensed pattern"), conditions, "Conditions of the goal")
            table(("Movement kept, brow", "Found plan", "Licensed pattern"), movement_rows(planned), "Movement kept and brow height")
            table(("Side effect", "Found plan", "Licensed pattern"), side_effect_rows(planned), "Computed side effects")
            for note in planned.notes:
                finding("info", note)
            with block("gl-row"):
                button("Take this plan", self._accept, primary=True)
                button("Discard", self._discard)

    def _accept(self) -> None:
        if self._planned is not None:
            self.desk.change(self.desk.note.with_plan(self._planned.plan).with_enough_vials())
            self._discard()
            self._say("Taken. Undo brings the earlier plan back.")

    def _discard(self) -> None:
        self._planned = None
        self.found.clear()
        self._say("")
