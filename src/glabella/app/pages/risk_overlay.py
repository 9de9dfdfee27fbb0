"""The risk map over the face: where a needle of this dose and depth would do what."""

from glabella.app.desk import Desk
from glabella.app.follow import Hands
from glabella.app.pages.controls import block, button, choice_field, finding, number_field, text
from glabella.app.pages.stage import Stage
from glabella.app.services import Services
from glabella.errors import GlabellaError
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
            button("Take away", lambda: self.stage.set_overlay("none"))
        self.state = block("gl-told").props('role="status"')

    def _number(self, name: str, value: float | None) -> str | None:
        if value is None or value <= 0:
            return "must be above 0"
        self.asked[name] = value
        return None

    def _say(self, words: str) -> None:
        self.state.clear()
        with self.state:
            text(words, "", "p")

    async def _show(self) -> None:
        note, asked = self.desk.note, dict(self.asked)
        self._say("Computing the map ...")
        bench = self.services.workbench
        what = (note.patient, note.product, str(asked["effect"]), float(asked["units"]), float(asked["depth_mm"]))
        try:
            await self.hands.later(lambda: bench.risk_map(*what, diluent_ml=note.dilution.diluent_ml))
        except GlabellaError as error:
            self.state.clear()
            with self.state:
                finding("caution", str(error))
            return
        self.stage.show_risk(bench.risk_map_key(*what, diluent_ml=note.dilution.diluent_ml))
        words = str(asked["effect"]).replace("_", " ")
        self._say(f"Chance of {words} if {asked['units']:g} U went in {asked['depth_mm']:g} mm deep, at each place of the skin.")
