"""Pictures of a therapeutic use: its curves over the weeks with bands, and the published figures on them."""

from collections.abc import Iterator
from typing import Any

from glabella.report.style import BLUE, GREEN, INK, MUTED, ORANGE, VERMILLION, Margins, Picture, finish, new_figure
from glabella.uses.course import UseCourse, UseCurve
from glabella.uses.published import curve_name, published_beside
from glabella.uses.show import words

PANELS = {  # use -> pictures: name, title, axis, curves
    "cervical_dystonia": (
        ("twstrs", "TWSTRS total", "change from before, points", ("twstrs_change", "twstrs_change_placebo")),
        ("force", "Force of the injected muscles", "% of before", ("force",)),
    ),
    "blepharospasm": (("lid_force", "Force of lid closure", "% of before", ("lid_force",)),),
    "axillary_hyperhidrosis": (
        ("responders", "Who answers", "% of people", ("responders", "responders_placebo", "hdss_responders")),
        ("sweat", "Sweat and area of effect", "%", ("sweat_left", "area_of_effect")),
    ),
    "chronic_migraine": (
        ("headache", "Headache days", "change from before, days per 28", ("headache_days_change", "headache_days_change_placebo")),
    ),
}
LOOKS: dict[str, tuple[str, Any]] = {
    "twstrs_change_placebo": (MUTED, (0, (1, 1.5))), "responders_placebo": (MUTED, (0, (1, 1.5))),
    "headache_days_change_placebo": (MUTED, (0, (1, 1.5))), "hdss_responders": (VERMILLION, (0, (5, 2))),
    "area_of_effect": (GREEN, (0, (5, 2))), "force": (ORANGE, "-"), "lid_force": (ORANGE, "-"),
}  # fmt: skip
MARKERS = {"active": "o", "placebo": "s"}


def draw_use(course: UseCourse) -> Iterator[Picture]:
    """Every picture of the use, one after the other."""
    for name, title, axis, curves in PANELS[course.use]:
        yield _draw(course, name, title, axis, [course.curve(curve) for curve in curves])


def _draw(course: UseCourse, name: str, title: str, axis: str, curves: list[UseCurve]) -> Picture:
    figure, axes = new_figure(9.2, 3.9, margins=Margins(top=0.34, right=0.25, left=0.72))
    ax = axes[0, 0]
    weeks = course.days / 7
    said = []
    for curve in curves:
        colour, dash = LOOKS.get(curve.name, (BLUE, "-"))
        ax.fill_between(weeks, curve.low, curve.high, color=colour, alpha=0.16, linewidth=0)
        ax.plot(weeks, curve.value, color=colour, linestyle=dash, label=curve.label)
        at = len(weeks) - 1 if course.weeks < 4 else 28
        band = f" ({curve.low[at]:.1f} to {curve.high[at]:.1f})" if course.samples else ""
        said.append(f"{curve.label}: {curve.value[at]:.1f}{band} at week {weeks[at]:g}.")
    shown = _points(ax, course, {curve.name: LOOKS.get(curve.name, (BLUE, "-"))[0] for curve in curves})
    changes = name in ("twstrs", "headache")
    if changes:
        ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xlim=(0, course.weeks), xlabel="week", ylabel=axis)
    ax.set_xticks(range(0, course.weeks + 1, 4 if course.weeks > 8 else 1))
    if not changes:
        ax.set_ylim(0, 104)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.115), ncols=3, columnspacing=1.4, handlelength=2.4)
    alt = f"{title}, {words(course.use)}, over {course.weeks} weeks. {' '.join(said)}{shown}"
    return finish(figure, name, title, alt, course.watermark or None)


def _points(ax: Any, course: UseCourse, colours: dict[str, str]) -> str:
    """Published figures within the weeks shown: filled where they were never fitted, open where they were; says how many."""
    count = 0
    for row in published_beside(course.use, course.product, course.dose_units):
        curve, week = curve_name(row), (row.day or 0.0) / 7
        if curve not in colours or not 0 < week <= course.weeks:
            continue
        fitted = row.use == "calibrate"
        ax.plot(
            week, row.value, MARKERS[row.arm], color=colours[curve], markersize=6.5, markerfacecolor="white" if fitted else colours[curve],
            markeredgewidth=1.5, clip_on=False, zorder=5,
        )  # fmt: skip
        count += 1
    if count:
        low = course.use in ("cervical_dystonia", "chronic_migraine")  # curves of changes end at the top
        place = {"y": 0.03, "va": "bottom"} if low else {"y": 0.99, "va": "top"}
        ax.text(0.995, s="marks: published, open ones were fitted", transform=ax.transAxes, ha="right", fontsize=7.5, color=MUTED, **place)
    return f" {count} published figures are marked; open marks were fitted." if count else ""
