"""The forms of a note: who is treated, and what is in the syringe."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from glabella.app.desk import Desk
from glabella.app.pages.controls import (
    Field,
    block,
    button,
    check_field,
    choice_field,
    date_field,
    finding,
    number_field,
    segmented,
    shown_number,
    text,
    text_field,
    told,
)
from glabella.app.words import name_muscle
from glabella.errors import InputError
from glabella.evidence.label_rules import find_rules, named_values
from glabella.evidence.products import NOT_INTERCHANGEABLE, Dilution, load_products
from glabella.frown import FROWN_PATTERNS
from glabella.label import Finding
from glabella.names import AREAS, MUSCLES, side_of, without_side
from glabella.patient import OTHER_PRODUCT, EarlierToxin, Grades, Patient, strength_names

GRADE_WORDS = {"0": "0 none", "1": "1 mild", "2": "2 moderate", "3": "3 severe"}
PURPOSE_WORDS = {"person": "for a person, within the label", "study": "a study: beyond the label, marked as such"}
SEX_WORDS = {"female": "Woman", "male": "Man"}


def guarded(change: Callable[[], None]) -> str | None:
    """Make a change; what is wrong with it, or None."""
    try:
        change()
    except InputError as error:
        return str(error)
    return None


class PersonForm:
    """Age, sex, size, lines before treatment, and what the label asks about."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.remarks = block("gl-findings")
        self.box = block("gl-form")
        self._shown: Patient | None = None
        self.build()
        desk.listen(lambda rows: self.build() if desk.note.patient != self._shown else None)

    def say(self, findings: Sequence[Finding]) -> None:
        """What the label says about this person."""
        self.remarks.clear()
        with self.remarks:
            for one in findings:
                if one.where.startswith("patient"):
                    finding(one.severity, one.what, one.source)

    def _set(self, **changes: Any) -> str | None:
        def change() -> None:
            self._shown = replace(self.desk.note.patient, **changes)
            self.desk.change(replace(self.desk.note, patient=self._shown), merge=f"patient {','.join(changes)}", rows=False)

        return guarded(change)

    def build(self) -> None:
        """All fields anew."""
        patient = self._shown = self.desk.note.patient
        self._summaries = {}
        self.box.clear()
        with self.box:
            segmented("Sex", SEX_WORDS, patient.sex, lambda value: self._set(sex=value))
            number_field("Age", patient.age_years, lambda v: self._set(age_years=v), unit="years", step=1)
            number_field(
                "Between the pupils", patient.interpupillary_distance_mm, lambda v: self._set(interpupillary_distance_mm=v), unit="mm",
                step=0.5, tip="Sets the size of the face; empty: the mean of the sex",
            )  # fmt: skip
            number_field(
                "Upper margin of the frontalis", patient.frontalis_upper_margin_mm, lambda v: self._set(frontalis_upper_margin_mm=v),
                unit="mm above the root of the nose", step=1, tip="About 1 cm above the topmost crease; empty: a little below the hairline",
            )  # fmt: skip
            patterns = {pattern: pattern.replace("_", " ") for pattern in FROWN_PATTERNS}
            choice_field(
                "Frown pattern", patterns, patient.frown_pattern, lambda v: self._set(frown_pattern=v), tip="How the brows move in a frown"
            )
        with self.box:
            self._baseline(patient)
            self._told("Conditions", "conditions", "condition", patient.conditions)
            self._told("Medicines", "medicines", "medicine", patient.medicines)
            self._earlier(patient)
            self._strengths(patient)

    _summaries: dict[str, Any]

    def _baseline(self, patient: Patient) -> None:
        with block("gl-wide", "fieldset"):
            told("Lines before treatment, graded 0 to 3 (Facial Wrinkle Scale)", "gl-label", "legend")
            with block("gl-grades"):
                for area in AREAS:
                    for part, words in (("rest", "at rest"), ("contraction", "at full movement")):
                        now = f"{getattr(patient.baseline[area], part):g}"
                        options = GRADE_WORDS if now in GRADE_WORDS else {now: now, **GRADE_WORDS}
                        label = f"{area.replace('_', ' ')}, {words}"
                        choice_field(label, options, now, lambda v, area=area, part=part: self._grade(area, part, v))

    def _grade(self, area: str, part: str, value: str) -> str | None:
        old = self.desk.note.patient.baseline
        grades = {"rest": old[area].rest, "contraction": old[area].contraction} | {part: float(value)}
        return self._set(baseline={**old, area: Grades(**grades)})

    def _told(self, legend: str, name: str, rule: str, have: Sequence[str]) -> None:
        told(legend, "gl-label gl-wide", "p")
        with block("gl-wide", "details") as box:
            self._summaries[name] = text(_told_words(have), "", "summary")  # no explained term: a button in a summary is out of reach
            if have:
                box.props["open"] = True
            for value in named_values(rule):
                check_field(value.replace("_", " "), value in have, lambda on, value=value: self._tell(name, value, on))

    def _tell(self, name: str, value: str, on: bool) -> None:
        have = [one for one in getattr(self.desk.note.patient, name) if one != value]
        now = (*have, value) if on else tuple(have)
        self._set(**{name: now})
        self._summaries[name].set_text(_told_words(now))

    def _earlier(self, patient: Patient) -> None:
        with block("gl-wide", "fieldset"):
            told("Botulinum toxin given before, also elsewhere in the body", "gl-label", "legend")
            for number, one in enumerate(patient.earlier_toxin):
                with block("gl-row"):
                    products = {name: name for name in (*load_products(), OTHER_PRODUCT)}
                    choice_field("Product", products, one.product, lambda v, n=number: self._toxin(n, product=v))
                    number_field("Units", one.units, lambda v, n=number: self._toxin(n, units=v), unit="U", least=0)
                    number_field("Days ago", one.days_ago, lambda v, n=number: self._toxin(n, days_ago=v), unit="days", least=0, step=1)
                    button("✕", lambda n=number: self._drop(n), name=f"Remove earlier treatment {number + 1}", quiet=True)
            button("Add an earlier treatment", self._add_toxin)

    def _toxin(self, number: int, **changes: Any) -> str | None:
        def change() -> None:
            given = list(self.desk.note.patient.earlier_toxin)
            given[number] = replace(given[number], **changes)
            self._set(earlier_toxin=tuple(given))

        return guarded(change)

    def _drop(self, number: int) -> None:
        given = self.desk.note.patient.earlier_toxin
        self._set(earlier_toxin=tuple(one for n, one in enumerate(given) if n != number))
        self.build()

    def _add_toxin(self) -> None:
        product = self.desk.note.product
        new = EarlierToxin(product, load_products()[product].dilution.vial_units / 5, 120.0)
        self._set(earlier_toxin=(*self.desk.note.patient.earlier_toxin, new))
        self.build()

    def _strengths(self, patient: Patient) -> None:
        low, high = (find_rules(f"muscle_strength_{bound}")[0].limit for bound in ("at_least", "at_most"))
        with block("gl-wide", "fieldset"):
            told(f"Strength of muscles, as a share of most people's: {low:g} to {high:g}", "gl-label", "legend")
            for muscle, share in patient.muscle_strength.items():
                with block("gl-row"):
                    words = name_muscle(muscle).professional
                    number_field(words, share, lambda v, m=muscle: self._strength(m, v), least=low, most=high, step=0.05)
                    button("✕", lambda m=muscle: self._usual(m), name=f"Strength as usual: {words}", quiet=True)
            with block("gl-row"):
                choices = {name: name_muscle(name).professional + ("" if side_of(name) else ", both sides") for name in strength_names()
                           if side_of(name) or f"{name}_left" in strength_names()}  # fmt: skip
                choices |= {name: name_muscle(name).professional for name in strength_names() if name not in choices}
                chosen = {"muscle": next(iter(choices))}
                choice_field("Muscle", choices, chosen["muscle"], lambda muscle: chosen.update(muscle=muscle))
                button("Set its strength", lambda: self._weigh(chosen["muscle"]))

    def _strength(self, muscle: str, share: float | None) -> str | None:
        return self._set(muscle_strength={**self.desk.note.patient.muscle_strength, muscle: share})

    def _weigh(self, muscle: str) -> None:
        have = self.desk.note.patient.muscle_strength
        names = [name for name in MUSCLES if muscle in (name, without_side(name))]
        self._set(muscle_strength={**have, **{name: have.get(name, 1.0) for name in names}})
        self.build()

    def _usual(self, muscle: str) -> None:
        have = self.desk.note.patient.muscle_strength
        self._set(muscle_strength={name: share for name, share in have.items() if name != muscle})
        self.build()


class SyringeForm:
    """Product, vial, dilution, lot, expiry, hours since mixing, date, purpose and why."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.box = block("gl-form")
        self._fields: dict[str, Field] = {}
        self._product = self._purpose = ""
        self.build()
        desk.listen(self._changed)

    def _set(self, **changes: Any) -> str | None:
        return guarded(lambda: self.desk.change(replace(self.desk.note, **changes), merge=f"note {','.join(changes)}", rows=False))

    def build(self) -> None:
        """All fields anew."""
        note = self.desk.note
        self._product, self._purpose = note.product, note.purpose
        facts = load_products()[note.product]
        self.box.clear()
        with self.box:
            products = {name: f"{name} ({product.brand})" for name, product in load_products().items()}
            self._fields["product"] = choice_field("Product", products, note.product, self._set_product)
            sizes = {f"{units:g}": f"{units:g} U" for units in facts.vials_units}
            vial = choice_field("Vial", sizes, f"{note.dilution.vial_units:g}", self._set_vial)
            diluent = number_field(
                "Saline per vial", note.dilution.diluent_ml, self._set_diluent, unit="mL", least=0, step=0.05,
                tip="Labelled: " + ", ".join(f"{d.dilution.diluent_ml:g} mL for {d.dilution.vial_units:g} U" for d in facts.dilutions),
            )  # fmt: skip
            vials = number_field("Vials mixed", note.vials, lambda v: self._set(vials=v), least=1, step=1)
            lot = text_field("Lot", note.lot, lambda v: self._set(lot=v))
            expiry = date_field("Expiry of the vial", note.expiry, lambda v: self._set(expiry=v))
            hours = number_field(
                "Hours since mixing", note.hours_since_mixing, lambda v: self._set(hours_since_mixing=v), unit="h", least=0, step=0.5
            )
            date = date_field("Treatment date (day 0)", note.treatment_date, lambda v: self._set(treatment_date=v))
            why = text_field(
                "Rationale", note.rationale, lambda v: self._set(rationale=v), lines=3, longest=4000, placeholder="Why this plan"
            )
            why.box.classes("gl-wide")
            segmented("Purpose", {"person": "Person", "study": "Study"}, note.purpose, self._set_purpose, tips=PURPOSE_WORDS)
        names = ("vial", "diluent", "vials", "lot", "expiry", "hours_since_mixing", "treatment_date", "rationale")
        self._fields |= dict(zip(names, (vial, diluent, vials, lot, expiry, hours, date, why), strict=True))

    def say(self, findings: Sequence[Finding], trouble: str = "") -> None:
        """Remarks beside the fields that cause them; ``trouble``: why there is no plan."""
        for name, where in (("expiry", "expiry"), ("hours_since_mixing", "hours_since_mixing"), ("diluent", "dilution")):
            mine = next((f for f in findings if where in f.where), None)
            self._fields[name].say(mine.what if mine else "", mine.severity if mine else "caution")
        self._fields["vials"].say(trouble if "vial" in trouble else "")
        if "mL" in trouble and "vial" not in trouble:
            self._fields["diluent"].say(trouble)

    def _set_product(self, product: str) -> str | None:
        old = self.desk.note
        note = old.with_product(product)
        self.desk.change(note)  # the form is built anew by that
        gone = len(old.injections) - len(note.injections)
        lost = f" {gone} site(s) without a licensed dose of it were left out." if gone else ""
        self._fields["product"].say(
            f"Now the licensed units of {product} at the same sites. Nothing was converted: {NOT_INTERCHANGEABLE}.{lost}", "info"
        )
        return None

    def _set_purpose(self, purpose: str) -> None:
        self._purpose = purpose
        self._set(purpose=purpose)

    def _set_vial(self, size: str) -> str | None:
        note = self.desk.note
        labelled = next(
            (d.dilution for d in note_product(note.product).dilutions if f"{d.dilution.vial_units:g}" == size),
            Dilution(float(size), note.dilution.diluent_ml),
        )
        self.desk.change(replace(note, dilution=labelled).with_enough_vials())
        return None

    def _set_diluent(self, diluent_ml: float | None) -> str | None:
        return guarded(lambda: self._with_dilution(diluent_ml))

    def _with_dilution(self, diluent_ml: float | None) -> None:
        note = self.desk.note
        dilution = Dilution(note.dilution.vial_units, diluent_ml)  # type: ignore[arg-type]  (None is refused by the check in it)
        self.desk.change(replace(note, dilution=dilution), merge="diluent", rows=False)

    def _changed(self, rows: bool) -> None:
        note = self.desk.note
        if note.product != self._product or note.purpose != self._purpose:
            self.build()
            return
        shown = {
            "vial": f"{note.dilution.vial_units:g}", "diluent": shown_number(note.dilution.diluent_ml), "vials": shown_number(note.vials),
            "lot": note.lot, "hours_since_mixing": shown_number(note.hours_since_mixing), "rationale": note.rationale,
            "expiry": note.expiry.isoformat() if note.expiry else "",
            "treatment_date": note.treatment_date.isoformat() if note.treatment_date else "",
        }  # fmt: skip
        if rows:
            for name, value in shown.items():
                self._fields[name].set(value)


def _told_words(have: Sequence[str]) -> str:
    return ", ".join(have).replace("_", " ") or "none"


def note_product(name: str) -> Any:
    """Facts of a product."""
    return load_products()[name]
