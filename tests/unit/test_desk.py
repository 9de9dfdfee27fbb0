"""The desk: every change can be taken back, typing is one step, and the needle in hand stays in range."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

import glabella as g
from glabella.app.desk import Desk, licensed_areas, usual_injection
from glabella.app.note import Note
from glabella.evidence.patterns import load_patterns
from glabella.evidence.products import load_products

ONE = g.Injection("procerus", 4, target_muscle="procerus")


def test_undo_and_redo():
    desk = Desk(Note())
    desk.add(ONE)
    desk.nudge(0, 1, 2)
    moved = desk.note
    desk.undo()
    assert desk.note.injections == (ONE,)
    desk.redo()
    assert desk.note == moved
    desk.undo()
    desk.undo()
    assert desk.note == Note()
    assert not desk.can_undo
    desk.change(replace(desk.note, lot="x"))
    assert not desk.can_redo  # a new change ends the other future


def test_letters_of_a_word_are_one_step():
    desk = Desk(Note())
    for text in ("a", "ab", "abc"):
        desk.change(replace(desk.note, title=text), merge="title")
    desk.change(replace(desk.note, lot="1"), merge="lot")
    desk.undo()
    assert (desk.note.title, desk.note.lot) == ("abc", "")
    desk.undo()
    assert desk.note == Note()


def test_the_needle_in_hand():
    desk = Desk(Note())
    desk.add(ONE)
    desk.add(usual_injection("onabotulinumtoxinA", "corrugator_medial_left"))
    assert desk.selected == 1
    desk.remove(1)
    assert desk.selected == 0
    desk.remove(0)
    assert desk.selected is None
    desk.select(5)
    assert desk.selected is None


def test_listeners_hear_whether_rows_changed():
    desk, heard = Desk(Note()), []
    desk.listen(heard.append)
    desk.add(ONE)
    desk.set_injection(0, replace(ONE, units=3), merge="units")
    desk.change(desk.note)  # nothing changed, nothing said
    desk.undo()
    assert heard == [True, False, True]


def test_added_needles_never_lack_a_vial():
    desk = Desk(Note())
    for _ in range(30):
        desk.add(ONE)
    assert desk.note.units == 120
    assert desk.note.vials == 2
    assert desk.note.plan() is not None


def test_usual_injections_are_licensed_units():
    for product in load_products():
        rows = {row.site: row for row in load_patterns() if row.product == product}
        for site in {row.site for row in load_patterns()}:
            one = usual_injection(product, site)
            assert one.units == (rows[site].units if site in rows else min(row.units for row in rows.values()))
        assert "glabellar" in licensed_areas(product)


@given(st.lists(st.sampled_from(["add", "remove", "nudge", "undo", "redo"]), max_size=30))
def test_any_work_can_be_taken_back(steps):
    desk = Desk(Note())
    for step in steps:
        some = bool(desk.note.injections)
        if step == "add":
            desk.add(ONE)
        elif step == "remove" and some:
            desk.remove(0)
        elif step == "nudge" and some:
            desk.nudge(0, 1, 0)
        elif step == "undo":
            desk.undo()
        elif step == "redo":
            desk.redo()
    end = desk.note
    count = 0
    while desk.can_undo:
        desk.undo()
        count += 1
    assert desk.note == Note()
    for _ in range(count):
        desk.redo()
    assert desk.note == end


def test_what_is_rewritten_is_not_brought_back_by_undo():
    desk, heard = Desk(Note()), []
    desk.listen(heard.append)
    desk.change(replace(desk.note, lot="secret"))
    desk.change(replace(desk.note, title="a"))
    desk.change(replace(desk.note, title="b"))
    desk.undo()
    desk.rewrite(lambda note: replace(note, lot=""))
    assert heard[-1] is True
    seen = [desk.note]
    desk.redo()
    seen.append(desk.note)
    while desk.can_undo:
        desk.undo()
        seen.append(desk.note)
    assert [note.title for note in seen[:3]] == ["a", "b", "a"]
    assert all(note.lot == "" for note in seen)
