"""The sites table: everything that the face offers with a pointer, by keyboard: place, move, turn, mirror, leave out."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nicegui import ui
from nicegui.element import Element

from glabella.app.desk import Desk, usual_injection
from glabella.app.pages.controls import Field, block, button, choice_field, Told, number_field, shown_number, text, told
from glabella.errors import InputError
from glabella.evidence.patterns import licensed_muscle, site_areas
from glabella.label import Finding
from glabella.names import side_of, without_side
from glabella.plan import FARTHEST_MM, TARGETS, Injection

HEADINGS = (
    ("No.", "Take the needle in hand; then the arrow keys move it 1 mm along the skin"),
    ("Site, and aim of the tip", ""),
    ("Aside, up (mm)", ""),
    ("Units, depth (mm)", ""),
    ("mL", ""),
    ("Mirror, leave out", "Add the mirror image on the other side; leave the injection out"),
)
BY_DEPTH = ""
ARROWS = """(event) => {
  const step = {ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]}[event.key];
  if (step) { event.preventDefault(); emit(step); }
}"""
USUAL_DEPTH_MM = 4.0  # where a switch from muscle to depth starts: a value to type over


def site_words(site: str) -> str:
    """'corrugator medial, left' for corrugator_medial_left."""
    side = side_of(site)
    return f"{without_side(site)}, {side}".replace("_", " ") if side else site.replace("_", " ")


class SitesTable:
    """The table. ``say`` puts findings beside the rows that cause them."""

    def __init__(self, desk: Desk, on_select: Callable[[int], None]) -> None:
        self.desk, self._on_select = desk, on_select
        self._rows: list[_Row] = []
        self._findings: Sequence[Finding] = ()
        with block("gl-table-wrap"):
            table = ui.element("table").classes("gl-table gl-sites")
            with table:
                text("Injection sites", "gl-visually-hidden", "caption")
                with ui.element("thead"), ui.element("tr"):
                    for words, tip in HEADINGS:
                        heading = told(words, "", "th")
                        heading.props["scope"] = "col"
                        if tip:
                            heading.props["title"] = tip
                self._body = ui.element("tbody")
        with block("gl-row"):
            self._total = Told("", "span").classes("gl-number")
        with block("gl-row"):
            choices = {site: site_words(site) for site in site_areas()}
            adding = {"site": next(iter(choices))}
            choice_field("New injection at", choices, adding["site"], lambda site: adding.update(site=site))
            button("Add injection", lambda: self._add(adding["site"]))
        self.build()
        desk.listen(self._changed)

    def _add(self, site: str) -> None:
        self.desk.add(usual_injection(self.desk.note.product, site))

    def build(self) -> None:
        """All rows anew."""
        self._body.clear()
        with self._body:
            self._rows = [_Row(self, number) for number in range(len(self.desk.note.injections))]
            if not self._rows:
                with ui.element("tr"):
                    cell = told("No injections yet. Click on the face, choose a licensed pattern, or add one below.", "gl-muted", "td")
                    cell.props["colspan"] = len(HEADINGS)
        self.refresh()

    def refresh(self) -> None:
        """Volumes, totals, the needle in hand and remarks."""
        note = self.desk.note
        for row in self._rows:
            row.refresh()
        left = note.units_left
        state = f"{left:g} U left over" if left >= 0 else f"{-left:g} U short: mix more vials or lower the units"
        volume = sum(note.volume_ml(one) for one in note.injections)
        self._total.set_text(f"Together {note.units:g} U in {volume:.3g} mL at {len(note.injections)} sites; {state}.")

    def say(self, findings: Sequence[Finding]) -> None:
        """Put findings beside the rows that they name."""
        self._findings = findings
        for row in self._rows:
            row.say(findings)

    def _changed(self, rows: bool) -> None:
        if rows and len(self._rows) == len(self.desk.note.injections):
            for row in self._rows:
                row.show()
            self.refresh()
        elif rows:
            self.build()
            self.say(self._findings)
        else:
            self.refresh()


class _Row:
    """One injection."""

    def __init__(self, table: SitesTable, number: int) -> None:
        self.desk, self.number = table.desk, number
        one = self._one
        with ui.element("tr") as self.line:
            with ui.element("td"):
                self.take = button(f"{number + 1}", lambda: table._on_select(number), tip=HEADINGS[0][1], quiet=True)
                self.take.on("keydown", lambda event: self._arrow(*event.args), js_handler=ARROWS)
            with ui.element("td"), block("gl-pair"):
                sites = {site: site_words(site) for site in site_areas()}
                self.site = choice_field(self._label("site"), sites, one.site, self._set_site, hidden_label=True)
                aims = {muscle: f"in {site_words(muscle)}" for muscle in TARGETS} | {BY_DEPTH: "by depth"}
                self.aim = choice_field(self._label("aim"), aims, one.target_muscle or BY_DEPTH, self._set_aim, hidden_label=True)
                self.remarks = block("gl-remarks")
            with ui.element("td"), block("gl-pair"):
                self.lateral = self._number("aside, mm", one.lateral_mm, lambda v: replace(self._one, lateral_mm=v or 0.0), 1.0)
                self.up = self._number("up, mm", one.up_mm, lambda v: replace(self._one, up_mm=v or 0.0), 1.0)
            with ui.element("td"), block("gl-pair"):
                self.units = self._number("units", one.units, lambda v: replace(self._one, units=0.0 if v is None else v), 0.5, least=0)
                self.depth = self._number("depth, mm", one.depth_mm, self._with_depth, 0.5, least=0)
            with ui.element("td"):
                self.volume = text("", "gl-number")
            with ui.element("td"), block("gl-actions"):
                words = site_words(one.site)
                self.mirror = button("⇋", self._mirror, name=f"Mirror {words}", tip="Add the mirror image on the other side", quiet=True)
                self.out = button("✕", lambda: self.desk.remove(number), name=f"Remove {words}", tip="Leave this injection out", quiet=True)

    @property
    def _one(self) -> Injection:
        return self.desk.note.injections[self.number]

    def _label(self, what: str) -> str:
        return f"Injection {self.number + 1}, {what}"

    def _number(
        self, what: str, value: float | None, change: Callable[[float | None], Injection], step: float, least: float | None = None
    ) -> Field:
        def changed(given: float | None) -> str | None:
            try:
                self.desk.set_injection(self.number, change(given), merge=f"{what} {self.number}")
            except InputError as error:
                return str(error).rpartition("; ")[0] or str(error)
            return None

        lowest, highest = (-FARTHEST_MM, FARTHEST_MM) if least is None else (least, None)
        return number_field(self._label(what), value, changed, step=step, hidden_label=True, least=lowest, most=highest)

    def _with_depth(self, depth_mm: float | None) -> Injection:
        if depth_mm is None:
            return replace(self._one, depth_mm=None, target_muscle=self._one.target_muscle or licensed_muscle(self._one.site))
        self.aim.set(BY_DEPTH)
        return replace(self._one, depth_mm=depth_mm, target_muscle=None)

    def _set_site(self, site: str) -> str | None:
        one = self._one
        target = None if one.target_muscle is None else licensed_muscle(site)  # the old site's muscle may be on the other side
        self.desk.set_injection(self.number, replace(one, site=site, target_muscle=target), rows=True)
        return None

    def _set_aim(self, aim: str) -> str | None:
        one = self._one
        depth = None if aim else one.depth_mm or USUAL_DEPTH_MM
        self.desk.set_injection(self.number, replace(one, target_muscle=aim or None, depth_mm=depth), rows=True)
        return None

    def _mirror(self) -> None:
        self.desk.change(self.desk.note.mirrored(self.number))

    def _arrow(self, right: float, up: float) -> None:
        toward = -1 if side_of(self._one.site) == "right" else 1  # the person's right is on the picture's left
        self.desk.select(self.number)
        self.desk.nudge(self.number, toward * right, up)

    def show(self) -> None:
        """Every field as the desk has it."""
        one = self._one
        self.site.set(one.site)
        self.aim.set(one.target_muscle or BY_DEPTH)
        for field, value in ((self.lateral, one.lateral_mm), (self.up, one.up_mm), (self.units, one.units), (self.depth, one.depth_mm)):
            field.set(shown_number(value))
            field.say("")
        words = site_words(one.site)
        self.mirror.props["aria-label"], self.out.props["aria-label"] = f"Mirror {words}", f"Remove {words}"

    def refresh(self) -> None:
        """Volume, and whether it is in hand."""
        self.volume.set_text(f"{self.desk.note.volume_ml(self._one):.3f}")
        held = self.desk.selected == self.number
        self.line.classes(replace="gl-selected" if held else "")
        self.take.props["aria-pressed"] = "true" if held else "false"

    def say(self, findings: Sequence[Finding]) -> None:
        """Remarks of the label check on this injection."""
        mine = [finding for finding in findings if names_site(finding, self._one.site)]
        _fill(self.remarks, mine)


def names_site(finding: Finding, site: str) -> bool:
    """Whether a finding speaks of a site."""
    return site in finding.where.replace(",", " ").split()


def _fill(box: Element, findings: Sequence[Finding]) -> None:
    box.clear()
    with box:
        for finding in findings:
            told(finding.what, f"gl-remark gl-remark-{finding.severity}", "p")
