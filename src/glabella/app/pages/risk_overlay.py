"""The risk map over the face: where a needle of this dose and depth would do what."""

from functools import partial
from typing import Any

from glabella.app.desk import Desk, usual_injection
from glabella.app.follow import Hands
from glabella.app.pages.busy import Busy
from glabella.app.pages.controls import block, button, choice_field, finding, number_field, shown_number, told
from glabella.app.pages.stage import Stage
from glabella.app.services import Services
from glabella.errors import GlabellaError
from glabella.evidence.patterns import load_patterns
from glabella.evidence.products import find_product
from glabella.planner.objectives import COMPUTED


class RiskOverlay:
    """Asks for a risk map and lays it over the skin."""

    def __init__(self, desk: Desk, stage: Stage, services: Services, hands: Hands) -> None:
        self.desk, self.stage, self.services, self.hands = desk, stage, services, hands
        self.asked: dict[str, Any] = {"effect": COMPUTED[0], "units": None, "depth_mm": None}
        self._typed: set[str] = set()
        with block("gl-form"):
            effects = {name: name.replace("_", " ") for name in COMPUTED}
            choice_field("Effect", effects, COMPUTED[0], lambda v: self.asked.update(effect=v))
            typed = self._number
            self.units = number_field("Units in the needle", None, lambda v: typed("units", v), unit="U", least=0.5, step=0.5)
            self.depth = number_field("Depth of the tip", None, lambda v: typed("depth_mm", v), unit="mm", least=0.5, step=0.5)
        with block("gl-row"):
            button("Show on the face", self._show, primary=True)
            button("Take away", self._take_away)
        self.busy = Busy()
        self.state = block("gl-told").props('role="status"')
        self._of: tuple[Any, ...] | None = None
        desk.listen(lambda rows: self._changed())

    def suggest(self) -> None:
        """Start from the needle in hand, or else the first licensed one: its units, and how deep it lies; what was typed stays."""
        note, number = self.desk.note, self.desk.selected
        first = next(row.site for row in load_patterns() if row.product == note.product)
        one = note.injections[number] if number is not None else usual_injection(note.product, first)
        depths = self.stage.depths(one)
        depth_mm = one.depth_mm if one.depth_mm is not None or depths is None else round(depths.suggested_mm, 1)
        for name, field, value in (("units", self.units, one.units), ("depth_mm", self.depth, depth_mm)):
            if name not in self._typed and value is not None:
                self.asked[name] = value
                field.set(shown_number(value))

    def _circumstances(self) -> tuple[Any, ...]:
        note = self.desk.note
        return note.patient, note.product, note.dilution

    def _changed(self) -> None:
        if self._of is not None and self._of != self._circumstances():
            self._of = None
            self.stage.set_overlay("none")
            self._say("The map was taken away: it was of another person, product or dilution.")

    def _take_away(self) -> None:
        self._of = None
        self.stage.set_overlay("none")
        self._say("")

    def _number(self, name: str, value: float | None) -> str | None:
        self._typed.add(name)
        if value is None or value <= 0:
            return "must be above 0"
        self.asked[name] = value
        return None

    def _say(self, words: str) -> None:
        self.state.clear()
        with self.state:
            told(words, "", "p")

    async def _show(self) -> None:
        note, asked = self.desk.note, dict(self.asked)
        if asked["units"] is None or asked["depth_mm"] is None:
            self._say("Give the units and the depth of the needle.")
            return
        self._say("")
        how_far = [0.0]
        self.busy.show("Computing the map", lambda: how_far[0])
        bench, asked_of = self.services.workbench, self._circumstances()
        usual = find_product(note.product).dilution
        diluent_ml = note.dilution.diluent_ml * usual.vial_units / note.dilution.vial_units  # the map speaks of the usual vial
        what = (note.patient, note.product, str(asked["effect"]), float(asked["units"]), float(asked["depth_mm"]))
        try:
            told = partial(how_far.__setitem__, 0)
            await self.hands.later(lambda: bench.risk_map(*what, diluent_ml=diluent_ml, progress=lambda stage, share: told(share)))
        except GlabellaError as error:
            self.state.clear()
            with self.state:
                finding("caution", str(error))
            return
        finally:
            self.busy.done()
        if asked_of != self._circumstances():
            self._say("Person, product or dilution changed meanwhile; ask again.")
            return
        self._of = asked_of
        self.stage.show_risk(bench.risk_map_key(*what, diluent_ml=diluent_ml))
        words = str(asked["effect"]).replace("_", " ")
        self._say(f"Chance of {words} if {asked['units']:g} U went in {asked['depth_mm']:g} mm deep, at each place of the skin.")
