"""How often side effects come, as people: a thousand dots per effect, those who have it filled in."""

from collections.abc import Mapping, Sequence
from typing import Any

from glabella.effects_order import gravity
from glabella.effects_text import tell_in_thousand
from glabella.report.style import BLUE, GREEN, GRID, INK, MUTED, PURPLE, VERMILLION, Margins, Picture, finish, new_figure

ACROSS, DOWN = 50, 20  # a thousand people
COLUMNS, MOST = 4, 8
LEAST = 0.5e-3  # rarer effects would have no dot of their own
KEY_ACROSS, KEY_WIDE = 3, 2.9  # of the key: how many beside each other, inches each
DOT, PITCH, DASH = 2.1, 3.0, 0.3  # of a row of dots, in points: a dot is a short dash with round ends


def draw_frequencies(effects: Sequence[Mapping[str, Any]], watermark: str | None) -> Picture | None:
    """The effects of an effects document with at least one in a thousand, the gravest and likeliest first; None without any.

    A filled dot is a person of a thousand. Blue: computed. Of published rates, grey ones have it with placebo as well, and purple ones
    more than with placebo; orange: placebo unknown. Where computed and published figures exclude each other both are told, and green
    dots are what trials found beyond the computed.
    """
    often = [effect for effect in effects if _most(effect) >= LEAST]
    shown = sorted(often, key=lambda effect: (gravity(effect["seriousness"]), -_most(effect)))[:MOST]
    if not shown:
        return None
    rows = -(-len(shown) // COLUMNS)
    wide, high = ACROSS * PITCH / 72, DOWN * PITCH / 72
    margins = Margins(left=0.15, right=0.15, top=0.55, bottom=0.75, between=0.45, under=0.62)
    width = COLUMNS * wide + (COLUMNS - 1) * margins.between + margins.left + margins.right
    height = rows * high + (rows - 1) * margins.under + margins.top + margins.bottom
    figure, axes = new_figure(width, height, rows, COLUMNS, margins)
    used: dict[str, str] = {}
    for ax in axes.ravel()[len(shown) :]:
        ax.set_visible(False)
    for ax, effect in zip(axes.ravel(), shown, strict=False):
        ax.set(xlim=(-0.5, ACROSS - 0.5), ylim=(DOWN - 0.5, -0.5))
        ax.axis("off")
        _dots(ax, 0, ACROSS * DOWN, GRID)
        start = 0
        for people, colour, meaning in _parts(effect):
            _dots(ax, start, start + people, colour)
            start += people
            if people:
                used[colour] = meaning
        disagree = effect["contradicts"]
        ax.set_title(effect["title"], fontsize=8.5, pad=25 if disagree else 16)
        told = [_told(effect["probability"])]
        if disagree:
            told = [f"computed: {told[0]}", f"trials: {_told(effect['reported'])}"]
        ax.text(0, 1.04, "\n".join(told), transform=ax.transAxes, fontsize=7.5, color=INK, linespacing=1.3)
    for n, (colour, meaning) in enumerate(used.items()):
        at, up = (0.15 + KEY_WIDE * (n % KEY_ACROSS)) / width, (0.38 - 0.2 * (n // KEY_ACROSS)) / height
        figure.text(at, up, "\u25cf", color=colour, fontsize=9, va="center")
        figure.text(at + 0.16 / width, up, meaning, color=MUTED, fontsize=7.5, va="center")
    trials = (f", in trials {_told(effect['reported'])}" if effect["contradicts"] else "" for effect in shown)
    said = "; ".join(f"{effect['title']}: {effect['plain']}{more}" for effect, more in zip(shown, trials, strict=True))
    return finish(figure, "frequencies", "How many of a thousand people", f"A thousand dots per side effect. {said}.", watermark)


def _most(effect: Mapping[str, Any]) -> float:
    """The higher of two figures that exclude each other."""
    return max(effect["probability"]["value"], effect["reported"]["value"] if effect["contradicts"] else 0.0)


def _told(band: Mapping[str, Any]) -> str:
    return tell_in_thousand(band["value"], band["low"], band["high"])


def _parts(effect: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Dots of one effect: how many, in which colour, meaning what."""
    people = max(1, round(1000 * effect["probability"]["value"]))
    if effect["contradicts"]:
        computed = round(1000 * effect["probability"]["value"])
        found = max(1, round(1000 * effect["reported"]["value"]))
        return [(computed, BLUE, "computed for this plan"), (max(found - computed, 0), GREEN, "found in trials beyond the computed")]
    if effect["basis"] == "computed":
        return [(people, BLUE, "computed for this plan")]
    placebo = effect["reported"]["placebo"] if effect["reported"] else None
    if placebo is None:
        return [(people, VERMILLION, "published, placebo not known")]
    same = min(people, round(1000 * placebo))
    return [(same, INK, "published, as many with placebo"), (people - same, PURPLE, "published, more than with placebo")]


def _dots(ax: Any, start: int, stop: int, colour: str) -> None:
    """Dots number ``start`` to ``stop`` of the grid, row by row."""
    half = DASH / PITCH / 2
    for row in range(start // ACROSS, -(-stop // ACROSS)):
        first, last = max(start - row * ACROSS, 0), min(stop - row * ACROSS, ACROSS) - 1
        if last >= first:
            ax.plot(
                [first - half, last + half], [row, row], color=colour, linewidth=DOT, dashes=(DASH / DOT, (PITCH - DASH) / DOT),
                dash_capstyle="round", clip_on=False,
            )  # fmt: skip
