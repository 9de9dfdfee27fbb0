"""A plan as a TOML file that a clinician can read: comments say what each line means."""

from typing import Any

import tomlkit
from tomlkit.items import Table

from glabella.plan import Injection, Plan, area_of_site

PURPOSE = {
    "person": "for a person: never above the label",
    "study": "STUDY: beyond the label, up to published trials; not for treating a person",
}


def _number(value: float) -> Any:
    """A number without a needless '.0', with every digit it has."""
    return tomlkit.item(int(value) if value == int(value) and abs(value) < 1e9 else value)


def _add(table: Any, key: str, value: Any, comment: str | None = None) -> None:
    item = _number(value) if isinstance(value, float) else tomlkit.item(value)
    if comment:
        item.comment(comment)
    table.add(key, item)


def _injection_table(injection: Injection, plan: Plan) -> Table:
    table = tomlkit.table()
    _add(table, "site", injection.site, f"{area_of_site(injection.site)} area")
    if injection.lateral_mm:
        _add(table, "lateral_mm", injection.lateral_mm, "away from the midline (at a midline site: to the person's left), along the skin")
    if injection.up_mm:
        _add(table, "up_mm", injection.up_mm, "upward along the skin")
    if injection.depth_mm is not None:
        _add(table, "depth_mm", injection.depth_mm, "needle tip below the skin")
    if injection.target_muscle is not None:
        _add(table, "target_muscle", injection.target_muscle, "needle tip in the middle of this muscle")
    _add(table, "units", injection.units, f"{plan.volume_ml(injection):.3g} mL")
    return table


def plan_to_toml(plan: Plan) -> str:
    """The whole plan; reading it again gives an equal plan."""
    document = tomlkit.document()
    document.add(tomlkit.comment("glabella treatment plan. Research and education, not a medical device."))
    document.add(tomlkit.comment(f"Units are units of {plan.product}; they cannot be converted to those of another product."))
    document.add(tomlkit.nl())
    _add(document, "purpose", plan.purpose, PURPOSE[plan.purpose])
    _add(document, "product", plan.product, plan.product_facts.brand)
    if plan.lot is not None:
        _add(document, "lot", plan.lot, "from the vial")
    if plan.expiry is not None:
        _add(document, "expiry", plan.expiry, "last day on which the vial may be used")
    if plan.hours_since_mixing is not None:
        _add(document, "hours_since_mixing", plan.hours_since_mixing, "when it is injected")
    if plan.note is not None:
        _add(document, "note", plan.note)
    _add(document, "vials", plan.vials, "mixed for each session")
    dilution = tomlkit.table()
    _add(dilution, "vial_units", plan.dilution.vial_units, "units in one vial")
    _add(dilution, "diluent_ml", plan.dilution.diluent_ml, f"mL of saline per vial: {plan.dilution.units_per_ml / 10:.3g} U in 0.1 mL")
    document.add(tomlkit.nl())
    document.add("dilution", dilution)
    sessions = tomlkit.aot()
    for session in plan.sessions:
        table = tomlkit.table()
        _add(table, "day", session.day, f"{session.units:g} U in {len(session.injections)} injections")
        injections = tomlkit.aot()
        for injection in session.injections:
            injections.append(_injection_table(injection, plan))
        table.add("injection", injections)
        sessions.append(table)
    document.add("session", sessions)
    return tomlkit.dumps(document)
