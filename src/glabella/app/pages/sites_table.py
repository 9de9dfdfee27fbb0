"""The sites table: everything that the face offers with a pointer, by keyboard: place, move, turn, mirror, leave out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from nicegui import ui
from nicegui.element import Element

from glabella.app.desk import Desk, usual_injection
from glabella.app.pages.controls import Field, Told, block, button, choice_field, number_field, shown_number, text, told
from glabella.app.places import Depths
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
NEUTRAL_HEADINGS = (HEADINGS[0], ("Place, and aim of the tip", ""), ("Move 1 mm", ""), *HEADINGS[3:])
BY_DEPTH = ""
ARROWS = """(event) => {
  const step = {ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]}[event.key];
  if (step) { event.preventDefault(); emit(step); }
}"""


NUDGES = (("←", "left in the picture", (-1, 0)), ("→", "right in the picture", (1, 0)), ("↑", "up", (0, 1)), ("↓", "down", (0, -1)))


def site_words(site: str) -> str:
    """'corrugator medial, left' for corrugator_medial_left."""
    side = side_of(site)
    return f"{without_side(site)}, {side}".replace("_", " ") if side else site.replace("_", " ")


@dataclass(frozen=True)
class Neutral:
    """Places by names that give no answer away: ``choices`` to start from, ``place`` (site and offsets) of one, ``words`` for a needle."""

    choices: Mapping[str, str]
    place: Callable[[str, Collection[str]], tuple[str, float, float]]
    words: Callable[[Injection], str]


class SitesTable:
    """The table. ``say`` puts findings beside the rows that cause them, ``show_depths`` how deep each needle can go.

    ``depths``: how deep a needle can go at its place, None while the face is not known. ``neutral``: without named sites and offsets.
    """

    def __init__(
        self, desk: Desk, on_select: Callable[[int], None], depths: Callable[[Injection], Depths | None], neutral: Neutral | None = None
    ) -> None:
        self.desk, self._on_select, self.depths, self.neutral = desk, on_select, depths, neutral
        self._rows: list[_Row] = []
        self._findings: Sequence[Finding] = ()
        with block("gl-table-wrap"):
            table = ui.element("table").classes("gl-table gl-sites")
            with table:
                text("Injection sites", "gl-visually-hidden", "caption")
                with ui.element("thead"), ui.element("tr"):
                    for words, tip in NEUTRAL_HEADINGS if neutral else HEADINGS:
                        heading = told(words, "", "th")
                        heading.props["scope"] = "col"
                        if tip:
                            heading.props["title"] = tip
                self._body = ui.element("tbody")
        with block("gl-row"):
            self._total = Told("", "span").classes("gl-number")
        with block("gl-row"):
            choices = neutral.choices if neutral else {site: site_words(site) for site in site_areas()}
            adding = {"site": next(iter(choices))}
            choice_field("New injection at", choices, adding["site"], lambda site: adding.update(site=site))
            button("Add injection", lambda: self._add(adding["site"]))
        self.build()
        desk.listen(self._changed)

    def _add(self, site: str) -> None:
        place = site, 0.0, 0.0
        try:
            if self.neutral is not None:
                place = self.neutral.place(site, {one.site for one in self.desk.note.injections})
        except InputError as error:
            ui.notify(str(error), position="top", type="warning", timeout=4000)
            return
        self.desk.add(usual_injection(self.desk.note.product, *place))

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

    def show_depths(self) -> None:
        """Say how deep each needle can go, once the face is known."""
        for row in self._rows:
            row.show_depths()

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
        self.table, self.desk, self.number = table, table.desk, number
        one = self._one
        with ui.element("tr") as self.line:
            with ui.element("td"):
                self.take = button(f"{number + 1}", lambda: table._on_select(number), tip=HEADINGS[0][1], quiet=True)
                self.take.on("keydown", lambda event: self._arrow(*event.args), js_handler=ARROWS)
            with ui.element("td"), block("gl-pair"):
                if table.neutral is None:
                    sites = {site: site_words(site) for site in site_areas()}
                    self.site = choice_field(self._label("site"), sites, one.site, self._set_site, hidden_label=True)
                else:
                    self.where = text("", "gl-small")
                aims = {muscle: f"in {site_words(muscle)}" for muscle in TARGETS} | {BY_DEPTH: "by depth"}
                self.aim = choice_field(self._label("aim"), aims, one.target_muscle or BY_DEPTH, self._set_aim, hidden_label=True)
                self.remarks = block("gl-remarks")
            with ui.element("td"), block("gl-pair" if table.neutral is None else "gl-nudges"):
                if table.neutral is None:
                    self.lateral = self._number("aside, mm", one.lateral_mm, lambda v: replace(self._one, lateral_mm=v or 0.0), 1.0)
                    self.up = self._number("up, mm", one.up_mm, lambda v: replace(self._one, up_mm=v or 0.0), 1.0)
                else:
                    for sign, way, step in NUDGES:
                        button(sign, lambda step=step: self._arrow(*step), name=f"{self._label('')}1 mm {way}", quiet=True)
            with ui.element("td"), block("gl-pair"):
                self.units = self._number("units", one.units, lambda v: replace(self._one, units=0.0 if v is None else v), 0.5, least=0)
                self.depth = self._number("depth, mm", one.depth_mm, self._with_depth, 0.5, least=0)
                self.range = text("", "gl-muted gl-small gl-number")
                self.range.props["title"] = "How deep a needle can go here, mm: below the skin, and not into bone"
            with ui.element("td"):
                self.volume = text("", "gl-number")
            with ui.element("td"), block("gl-actions"):
                words = self._words
                self.mirror = button("⇋", self._mirror, name=f"Mirror {words}", tip="Add the mirror image on the other side", quiet=True)
                self.out = button("✕", lambda: self.desk.remove(number), name=f"Remove {words}", tip="Leave this injection out", quiet=True)

    @property
    def _one(self) -> Injection:
        return self.desk.note.injections[self.number]

    @property
    def _words(self) -> str:
        return site_words(self._one.site) if self.table.neutral is None else f"needle {self.number + 1}"

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
        depth = None if aim else one.depth_mm or self._start_mm()
        if not aim and depth is None:
            self.aim.set(one.target_muscle)
            return "the face is still being built; choose again in a moment"
        self.desk.set_injection(self.number, replace(one, target_muscle=aim or None, depth_mm=depth), rows=True)
        return None

    def _start_mm(self) -> float | None:
        """A depth to type over: the middle of the muscle that the label aims at there; in training halfway down, which tells nothing."""
        depths = self.table.depths(self._one)
        if depths is None:
            return None
        return round(depths.suggested_mm if self.table.neutral is None else (depths.least_mm + depths.most_mm) / 2, 1)

    def show_depths(self) -> None:
        """How deep the needle can go here; and where it is, where sites have no names."""
        depths = self.table.depths(self._one)
        self.range.set_text("" if depths is None else f"{depths.least_mm:.1f} to {depths.most_mm:.1f}")
        given = self._one.depth_mm
        outside = depths is not None and given is not None and not depths.least_mm <= given <= depths.most_mm
        self.depth.say(f"here {depths.least_mm:.1f} to {depths.most_mm:.1f} mm" if outside and depths else "")
        if self.table.neutral is not None:
            self.where.set_text(self.table.neutral.words(self._one))

    def _mirror(self) -> None:
        self.desk.change(self.desk.note.mirrored(self.number))

    def _arrow(self, right: float, up: float) -> None:
        toward = -1 if side_of(self._one.site) == "right" else 1  # the person's right is on the picture's left
        self.desk.select(self.number)
        self.desk.nudge(self.number, toward * right, up)

    def show(self) -> None:
        """Every field as the desk has it."""
        one = self._one
        if self.table.neutral is None:
            self.site.set(one.site)
        self.aim.set(one.target_muscle or BY_DEPTH)
        shown = [(self.units, one.units), (self.depth, one.depth_mm)]
        if self.table.neutral is None:
            shown += [(self.lateral, one.lateral_mm), (self.up, one.up_mm)]
        for field, value in shown:
            field.set(shown_number(value))
            field.say("")
        words = self._words
        self.mirror.props["aria-label"], self.out.props["aria-label"] = f"Mirror {words}", f"Remove {words}"

    def refresh(self) -> None:
        """Volume, and whether it is in hand."""
        self.volume.set_text(f"{self.desk.note.volume_ml(self._one):.3f}")
        held = self.desk.selected == self.number
        self.line.classes(replace="gl-selected" if held else "")
        self.take.props["aria-pressed"] = "true" if held else "false"
        self.show_depths()

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
