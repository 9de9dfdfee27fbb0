"""The risk map over the face: where a needle of this dose and depth would do what."""

from typing import Any

from glabella.app.desk import Desk
from glabella.app.follow import Hands
from glabella.app.pages.controls import block, button, choice_field, finding, number_field, told
from glabella.app.pages.stage import Stage
from glabella.app.services import Services
from glabella.errors import GlabellaError
from glabella.evidence.products import find_product
from glabella.planner.objectives import COMPUTED


class RiskOverlay:
    """Asks for a risk map and lays it over the skin."""

    def __init__(self, desk: Desk, stage: Stage, services: Services, hands: Hands) -> None:
        self.desk, self.stage, self.services, self.hands = desk, stage, services, hands
        self.asked = {"effect": COMPUTED[0], "units": 4.0, "depth_mm": 4.0}
        with block("gl-form"):
            effects = {name: name.replace("_", " ") for name in COMPUTED}
            choice_field("Effect", effects, COMPUTED[0], lambda v: self.asked.update(effect=v))
            number_field("Units in the needle", 4.0, lambda v: self._number("units", v), unit="U", least=0.5, step=0.5)
            number_field("Depth of the tip", 4.0, lambda v: self._number("depth_mm", v), unit="mm", least=0.5, step=0.5)
        with block("gl-row"):
            button("Show on the face", self._show, primary=True)
            button("Take away", self._take_away)
        self.state = block("gl-told").props('role="status"')
        self._of: tuple[Any, ...] | None = None
        desk.listen(lambda rows: self._changed())

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
        self._say("Computing the map ...")
        bench, asked_of = self.services.workbench, self._circumstances()
        usual = find_product(note.product).dilution
        diluent_ml = note.dilution.diluent_ml * usual.vial_units / note.dilution.vial_units  # the map speaks of the usual vial
        what = (note.patient, note.product, str(asked["effect"]), float(asked["units"]), float(asked["depth_mm"]))
        try:
            await self.hands.later(lambda: bench.risk_map(*what, diluent_ml=diluent_ml))
        except GlabellaError as error:
            self.state.clear()
            with self.state:
                finding("caution", str(error))
            return
        if asked_of != self._circumstances():
            self._say("Person, product or dilution changed meanwhile; ask again.")
            return
        self._of = asked_of
        self.stage.show_risk(bench.risk_map_key(*what, diluent_ml=diluent_ml))
        words = str(asked["effect"]).replace("_", " ")
        self._say(f"Chance of {words} if {asked['units']:g} U went in {asked['depth_mm']:g} mm deep, at each place of the skin.")
