"""Age, conditions and medicines."""

from collections.abc import Iterator

from glabella.label.finding import Context, Finding
from glabella.patient import Patient


def check_person(context: Context, person: Patient) -> Iterator[Finding]:
    """What the labels say about this person."""
    for rule in context.rules("age_at_least_years"):
        if person.age_years < rule.limit:
            yield context.finding(rule, f"{person.age_years:g} years old; allowed: {rule.limit:g} and over", "patient")
    for rule in context.rules("age_below_years"):
        if person.age_years >= rule.limit:
            yield context.finding(rule, f"{person.age_years:g} years old; {rule.note}", "patient")
    for name, given in (("condition", person.conditions), ("medicine", person.medicines)):
        for rule in context.rules(name):
            if rule.value in given:
                yield context.finding(rule, f"{str(rule.value).replace('_', ' ')}: {rule.note}", "patient")
