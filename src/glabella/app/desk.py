"""The note on the desk: changed step by step, with undo and redo, and one needle in hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from glabella.app.note import Note
from glabella.evidence.patterns import find_pattern, load_patterns
from glabella.plan import Injection

MOST_STEPS = 200


@dataclass
class Desk:
    """What one page works on. ``selected``: number of the needle in hand, None for none. Listeners hear of every change.

    Changes with the same ``merge`` name in a row are one step of undo, such as the letters of a word.
    """

    note: Note
    selected: int | None = None
    _past: list[Note] = field(default_factory=list)
    _future: list[Note] = field(default_factory=list)
    _merge: str | None = None
    _listeners: list[Callable[[bool], None]] = field(default_factory=list)

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener(rows_changed)`` after every change; True when rows came, went or were set from elsewhere."""
        self._listeners.append(listener)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._future)

    def change(self, note: Note, *, merge: str | None = None, rows: bool = True) -> None:
        """Put a changed note on the desk. ``rows`` False: only values of rows that their own fields show already."""
        if note == self.note:
            return
        if merge is None or merge != self._merge:
            self._past = [*self._past[-MOST_STEPS:], self.note]
        self._merge, self._future, self.note = merge, [], note
        self._keep_selection()
        self._tell(rows)

    def undo(self) -> None:
        """Take the last step back."""
        if self._past:
            self._future.append(self.note)
            self.note = self._past.pop()
            self._after_jump()

    def redo(self) -> None:
        """Do the step again that was taken back."""
        if self._future:
            self._past.append(self.note)
            self.note = self._future.pop()
            self._after_jump()

    def select(self, number: int | None) -> None:
        """Take a needle in hand."""
        self.selected = number
        self._keep_selection()
        self._tell(False)

    def rewrite(self, change: Callable[[Note], Note]) -> None:
        """Change the note and all that undo and redo would bring back, as if it had always been so."""
        self.note, self._merge = change(self.note), None
        self._past, self._future = [change(note) for note in self._past], [change(note) for note in self._future]
        self._tell(True)

    # --- needles ----------------------------------------------------------------------------------------------------------

    def set_injection(self, number: int, injection: Injection, *, merge: str | None = None, rows: bool = False) -> None:
        """Put another injection in a row."""
        injections = list(self.note.injections)
        injections[number] = injection
        self.change(replace(self.note, injections=tuple(injections)), merge=merge, rows=rows)

    def add(self, injection: Injection) -> None:
        """A new injection, taken in hand."""
        note = replace(self.note, injections=(*self.note.injections, injection))
        self.selected = len(note.injections) - 1
        self.change(note if note.units_left >= 0 else note.with_enough_vials())

    def remove(self, number: int) -> None:
        """Leave an injection out."""
        injections = tuple(one for n, one in enumerate(self.note.injections) if n != number)
        self.selected = min(number, len(injections) - 1) if injections else None
        self.change(replace(self.note, injections=injections))

    def nudge(self, number: int, lateral_mm: float, up_mm: float) -> None:
        """Move a needle along the skin. ``lateral_mm``: away from the midline, at a midline site to the person's left."""
        one = self.note.injections[number]
        moved = replace(one, lateral_mm=round(one.lateral_mm + lateral_mm, 3), up_mm=round(one.up_mm + up_mm, 3))
        self.set_injection(number, moved, merge=f"nudge {number}", rows=True)

    def _keep_selection(self) -> None:
        if self.selected is not None and not 0 <= self.selected < len(self.note.injections):
            self.selected = None

    def _after_jump(self) -> None:
        self._merge = None
        self._keep_selection()
        self._tell(True)

    def _tell(self, rows: bool) -> None:
        for listener in self._listeners:
            listener(rows)


def usual_injection(product: str, site: str, lateral_mm: float = 0.0, up_mm: float = 0.0) -> Injection:
    """An injection at a site as the product's label has it; where it has none, the fewest units of its own pattern sites."""
    rows = [row for row in load_patterns() if row.product == product]
    own = next((row for row in rows if row.site == site), None)
    aim = own or next(row for row in load_patterns() if row.site == site)
    units = own.units if own else min(row.units for row in rows)
    return Injection(site, units, target_muscle=aim.target_muscle, lateral_mm=round(lateral_mm, 2), up_mm=round(up_mm, 2))


def licensed_areas(product: str) -> tuple[str, ...]:
    """Areas with a licensed pattern of a product, as labels name them."""
    areas = dict.fromkeys(row.area for row in load_patterns() if row.product == product)
    return tuple(area for area in areas if find_pattern(product, area))
