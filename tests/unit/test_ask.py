"""Answers: no number is typed, every row and source exists, comparisons in words hold, wording keeps to the frame, all of it is shown."""

import csv
import re
from pathlib import Path
from random import Random

import pytest

from glabella.ask import ask, find_answer, load_answers, load_themes
from glabella.ask.answers import THEMES, VERDICTS, read_theme
from glabella.ask.page import answers_page
from glabella.ask.rows import FALL, find_row, load_rows, with_band
from glabella.ask.sentence import PLACEHOLDER, check_holds, parse_address, read_sentence
from glabella.ask.show import answer_text, found_text, list_text
from glabella.ask.spelling import Speller, edit_distance
from glabella.ask.words import load_words, stems_of, words_in
from glabella.errors import InputError
from glabella.evidence.sources import load_references
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text

ROOT = Path(__file__).parents[2]
ANSWERS = load_answers()
FACT_COLUMNS = ("key", "topic", "product", "area", "what", "value", "low", "high", "unit", "n", "quality", "source", "note")
FORBIDDEN = re.compile(
    r"\b(you|your|yours)\b|\b(un)?safe(r|st|ly|ty)?\b|\bharmless(ly)?\b|\brisk-free\b|\bguarantee[sd]?\b|\bwe (advise|recommend)\b", re.I
)
UNIT_WORDS = {"percent": r"\s?%", "U": r"\s?U\b", "units": r"\s?U\b", "mm": r"\s?mm\b", "mg": r"\s?mg\b"}  # stand right after the number
PERIODS = {"days": "day", "weeks": "week", "months": "month", "years": "year", "hours": "hour"}  # stand beside it
TOLD_TWICE = re.compile(r"(against|by|to|or|and|about|than|for|after|from|before|of)$")

# the eighteen claims that the answers started from, as people say them, and the answer that judges each
CLAIMS = {
    "Purified toxin injected into facial muscles blocks the signal to contract": ("how_it_works", "supported"),
    "Temporary paralysis reduces wrinkles and fine lines": ("reduces_lines", "imprecise"),
    "Botox prevents new wrinkles": ("prevents_lines", "imprecise"),
    "It also treats neck spasms, migraine, sweating and more": ("other_uses", "supported"),
    "It is injected into the top layer of the skin": ("depth_of_needle", "wrong"),
    "The lowest possible dose": ("lowest_dose", "imprecise"),
    "It is local, there is no roaming": ("spread", "imprecise"),
    "A little in the bloodstream does no harm": ("blood", "imprecise"),
    "Nothing is visible at first, it takes up to a week to see a difference": ("when_it_shows", "imprecise"),
    "Botox is noticeable for 3 to 4 months": ("how_long", "supported"),
    "It wears off slowly after about 2.5 months": ("wears_off", "supported"),
    "Overuse weakens and flattens the muscle": ("weaker_muscles", "imprecise"),
    "And then it needs higher doses": ("higher_doses", "wrong"),
    "Side effects: swelling, bruising, stomach discomfort, temporary paralysis, dry eyes": ("side_effects", "imprecise"),
    "Never at home": ("at_home", "supported"),
    "For people of 18 and over": ("age", "supported"),
    "Botox is FDA-approved": ("approved", "supported"),
    "Find an experienced, trustworthy practitioner": ("good_practitioner", "supported"),
}


def sentences():
    return [(answer, sentence) for answer in ANSWERS.values() for sentence in answer.says]


# --- content ----------------------------------------------------------------------------------------------------------------


def test_there_are_about_fifty_answers_in_every_theme():
    assert 50 <= len(ANSWERS) <= 80
    assert [theme.name for theme in load_themes()] == list(THEMES)
    assert all(len(theme.answers) >= 3 for theme in load_themes())


@pytest.mark.parametrize(("claim", "expected"), CLAIMS.items(), ids=lambda x: x if isinstance(x, str) else x[0])
def test_every_checked_claim_is_found_and_judged(claim, expected):
    found = ask(claim)
    key, verdict = expected
    assert found.answer is not None, claim
    assert (found.answer.key, found.answer.verdict) == (key, verdict)


def test_sentences_never_promise_direct_or_reassure():
    for answer, sentence in sentences():
        assert not FORBIDDEN.search(sentence.text), f"{answer.key}: {sentence.text}"


def test_claims_and_questions_that_are_ours_never_say_safe():
    for answer in ANSWERS.values():
        assert not re.search(r"\b(safe|harmless)\b", f"{answer.question} {answer.claim}", re.I), answer.key


def test_a_unit_stands_beside_every_number_that_has_one():
    for answer, sentence in sentences():
        for match in PLACEHOLDER.finditer(sentence.template):
            row, column, _ = parse_address(match.group(1), answer.key)
            unit = row.cells.get("unit", "")
            if column not in ("", "value", FALL) or row.address.startswith("label_rules."):
                continue
            after, before = sentence.template[match.end() :], sentence.template[: match.start()]
            if unit in UNIT_WORDS:
                listed = re.match(r"( against|,| and| or|\)| instead| days)", after)  # '64 against 34 %', 'with ice it was 24'
                assert re.match(UNIT_WORDS[unit], after) or (listed and re.search(UNIT_WORDS[unit], after)), (answer.key, sentence.text)
            elif unit in PERIODS:
                near = before[-45:] + after[:75]
                assert re.search(rf"\b{PERIODS[unit]}s?\b", near) or "sooner" in near, (answer.key, unit, sentence.text)


def test_a_simulated_number_always_comes_with_its_band():
    for answer, sentence in sentences():
        for match in PLACEHOLDER.finditer(sentence.template):
            row, column, _ = parse_address(match.group(1), answer.key)
            assert row.quality != "simulated" or column == "", (answer.key, match.group())


def test_values_that_are_validated_against_are_only_told_never_changed():
    """Answers read the tables; a row of trials carries over as it is printed there."""
    row = find_row("published.ona_onset_2011_20u_onset_subject_d2")
    assert f"{row.cells['value']} % by day {row.cells['day']}" in " ".join(one.text for one in find_answer("when_it_shows").says)


# --- rows and sources -------------------------------------------------------------------------------------------------------


def test_every_fact_is_one_statement_with_a_source():
    known = load_references()
    keys = set()
    for row in read_rows(shipped_text("facts.csv"), FACT_COLUMNS, "facts.csv"):
        key = row.text("key")
        assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
        assert key not in keys
        keys.add(key)
        row.choice("quality", QUALITIES)
        assert row.text("what")
        assert row.text("source") in known
        if row.cells["value"]:
            value = row.number("value")
            assert row.text("unit")
            if row.cells["low"]:
                assert row.number("low") <= value <= row.number("high")
        else:
            assert row.cells["unit"] + row.cells["low"] + row.cells["high"] == ""


def test_every_fact_is_used_by_an_answer():
    used = {row.address for answer in ANSWERS.values() for row in answer.rows}
    unused = {f"facts.{key}" for key in load_rows("facts")} - used
    assert not unused


SAME_UNIT = {"units": "U", "days_per_28": "days"}  # tables of trials name units as their quantities do
FIGURES = {"other": ("value",), "published": ("value",), "side_effects": ("active_percent", "placebo_percent")}


def figures_of_other_tables():
    for table, columns in FIGURES.items():
        for row in load_rows(table).values():
            for column in columns if row else ():
                if row.cells[column]:
                    unit = row.cells.get("unit", "percent")
                    yield (row.cells["source"], abs(row.number(column)), SAME_UNIT.get(unit, unit)), row.address


def test_no_fact_repeats_a_figure_of_another_table():
    """One row per figure: an answer points at the row of the trial, and ``facts`` holds what no other table does."""
    elsewhere = dict(figures_of_other_tables())
    assert ("truong2010", 15.6, "points") in elsewhere
    for row in load_rows("facts").values():
        if row.cells["value"]:
            figure = (row.cells["source"], row.number("value"), row.cells["unit"])
            assert figure not in elsewhere, f"{row.address} repeats {elsewhere.get(figure)}"


def test_every_sentence_rests_on_rows_or_says_why_not():
    for answer, sentence in sentences():
        assert bool(sentence.rows) != bool(sentence.basis), answer.key
        for row in sentence.rows:
            assert row.sources or row.quality == "simulated"
            assert find_row(row.address) is row


def test_remembered_rows_are_shown_as_such():
    shown = answer_text(find_answer("stomach"), 100)
    assert "remembered, to be checked" in shown
    sources = {source.reference.key: source.remark for source in find_answer("wears_off").sources}
    assert sources["ona_label2024"] == "remembered, to be checked"
    assert sources["chin2016"] == ""


def test_comparisons_are_checked_against_the_rows():
    assert len([1 for _, sentence in sentences() for _ in sentence.holds]) >= 25
    check_holds("facts.diarrhoea.value < facts.diarrhoea_placebo.value", "here")
    with pytest.raises(InputError, match="does not hold"):
        check_holds("facts.diarrhoea.value > facts.diarrhoea_placebo.value", "here")
    with pytest.raises(InputError, match="must compare two addresses"):
        check_holds("facts.diarrhoea.value is small", "here")


# --- reading ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ({"text": "It lasts 3 months.", "rows": ["facts.twin_lines"]}, "the number '3' is typed"),
        ({"text": "It lasts three months.", "rows": ["facts.twin_lines"]}, "the number 'three' is typed"),
        ({"text": "It lasts {facts.twin_year} years."}, "did you mean 'twin_years'"),
        ({"text": "It lasts {fact.twin_years} years."}, "table 'fact' is unknown; did you mean 'facts'"),
        ({"text": "It lasts {facts} years."}, "must be {table.key}"),
        ({"text": "It lasts {facts.twin_years.valu} years."}, "no column 'valu'; did you mean 'value'"),
        ({"text": "It lasts {facts.twin_years.low} years."}, "column 'low' is empty"),
        ({"text": "It lasts {facts.twin_lines} years."}, "has no value to show"),
        ({"text": "It lasts {facts.twin_years.what:.1f} years."}, "column 'what' holds no number"),
        ({"text": "It lasts long."}, "must rest on rows"),
        ({"text": "It is {facts.twin_years}.", "basis": "values"}, "must rest on rows"),
        ({"text": "It lasts long.", "basis": "hearsay"}, "valid: values, not_studied, this_program"),
        ({"text": "It lasts.", "rows": ["facts.twin_lines"], "sorce": "x"}, "unknown key 'sorce'"),
    ],
)
def test_a_sentence_that_is_not_tied_to_evidence_is_refused(sentence, message):
    with pytest.raises(InputError) as error:
        read_sentence(sentence, "here")
    assert message in str(error.value)
    assert str(error.value).count("\n") == 0


def test_placeholders_are_filled_from_their_rows():
    read = read_sentence({"text": "{facts.drops_lift_mm} mm, {facts.volume_months.value:.1f} months (n {facts.volume_months.n})."}, "here")
    assert read.text == "2 (1 to 3) mm, 12.0 months (n 2)."
    assert [row.address for row in read.rows] == ["facts.drops_lift_mm", "facts.volume_months"]
    fell = read_sentence({"text": "It fell by {other.abo_cd_2010_500u_twstrs_w4.fall} points."}, "here")
    assert fell.text == "It fell by 15.6 points."
    assert with_band(find_row("parameters.dermis_thickness_glabella_female_mm")) == "0.9 (0.67 to 1.13)"


def test_rows_that_share_a_name_cannot_be_addressed():
    with pytest.raises(InputError, match="more than one row of products"):
        find_row("products.abobotulinumtoxinA_300")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 'T'\n[[answer]]\nkey = 'a'\nquestion = 'Q?'\nclaim = 'C.'\nsays = [{text = 'A.', basis = 'values'}]", "belong together"),
        ("title = 'T'\n[[answer]]\nkey = 'a'\nquestion = 'Q?'\nsays = []", "'says' is empty"),
        ("title = 'T'\n[[answer]]\nkey = 'a'\nquestion = 'Q?'\nclaim = 'C.'\nverdict = 'rong'\nsays = []", "valid: supported"),
        ("title = 'T'\n[[answer]\n", "not valid TOML"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(text, message):
    with pytest.raises(InputError) as error:
        read_theme(text, "basics", "basics.toml")
    assert message in str(error.value)


# --- showing ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ANSWERS)
def test_every_answer_is_shown_whole(key):
    answer = ANSWERS[key]
    for width in (40, 88):
        shown = answer_text(answer, width)
        lines = shown.splitlines()
        assert answer.verdict_words.upper() in lines[:4]
        assert all(len(line) <= width or "http" in line for line in lines), [line for line in lines if len(line) > width]
        flat = " ".join(shown.split())
        assert all(one.text in flat for one in answer.says)
    assert "{" not in shown
    document = answer.document()
    assert {one["key"] for one in document["sources"]} == {key for row in answer.rows for key in row.sources}
    assert document["verdict"] in ("", *VERDICTS)


def test_the_list_names_every_question_and_every_question_finds_its_answer():
    shown = list_text()
    for answer in ANSWERS.values():
        assert answer.question in shown
        assert ask(answer.question).answer is answer, answer.question


def test_what_is_not_covered_is_said():
    shown = found_text(ask("what is the capital of France"), 88)
    assert shown.startswith("Not covered.")
    assert "glabella ask --list" in shown
    flat = " ".join(shown.split())
    assert "Get help now: After an injection of any botulinum toxin, get medical help at once for trouble swallowing" in flat
    assert ask("what is the capital of France").document()["get_help"] in flat


def test_the_page_of_the_docs_is_up_to_date():
    assert (ROOT / "docs" / "answers.md").read_text("utf-8") == answers_page(), "run tools/build_answers.py --page"


# --- search -----------------------------------------------------------------------------------------------------------------


QUESTIONS, LAY = "questions.csv", "questions_lay.csv"


def asked_of_people(file):
    """Questions and the keys of the answers that cover them, none for strange ones."""
    with (ROOT / "tests" / "data" / file).open(encoding="utf-8") as lines:
        return [(row["question"], row["answers"].split(";") if row["answers"] else []) for row in csv.DictReader(lines)]


def rates(rows):
    """Share of covered questions whose answer comes first, comes among the first three, and of others that are refused."""
    covered, outside = [row for row in rows if row[1]], [row for row in rows if not row[1]]
    first = third = 0
    for question, right in covered:
        found = ask(question)
        order = [one.key for one in (*((found.answer,) if found.answer else ()), *found.nearest)]
        first += bool(found.answer) and order[0] in right
        third += any(key in right for key in order[:3])
    refused = sum(ask(question).answer is None for question, _ in outside)
    return first / max(len(covered), 1), third / max(len(covered), 1), refused / len(outside)


def test_the_questions_of_the_measurement_are_many_and_no_way_to_ask_that_is_known():
    lay = asked_of_people(LAY)
    every = lay + asked_of_people(QUESTIONS)
    assert len([1 for _, right in lay if right]) >= 140
    assert len([1 for _, right in lay if not right]) >= 50
    assert len({question for question, _ in every}) == len(every)
    keys = {key for _, right in every for key in right}
    assert keys <= set(ANSWERS)
    assert len(keys) >= 59
    known = {" ".join(words_in(way)) for answer in ANSWERS.values() for way in (answer.question, *answer.also)}
    assert not known & {" ".join(words_in(question)) for question, right in every if right}


@pytest.mark.parametrize(("file", "first", "third", "refused"), [(QUESTIONS, 0.70, 0.88, 0.90), (LAY, 0.75, 0.88, 0.82)])
def test_questions_held_out_find_their_answer_or_are_refused(file, first, third, refused):
    """Floors some points below what was measured: 75, 93 and 94 of 100; of the lay ones, on which nothing was tuned, 80, 92 and 87."""
    found = rates(asked_of_people(file))
    assert found[0] >= first
    assert found[1] >= third
    assert found[2] >= refused


def test_a_typo_in_every_question_costs_little():
    """One letter dropped, doubled or swapped in the longest word of each question of the list: nine in ten still find their answer."""
    random = Random(5)
    right = 0
    for answer in ANSWERS.values():
        words = answer.question.split()
        long = max(range(len(words)), key=lambda n: len(words[n].strip("?.,'")))
        words[long] = misspelt(words[long], random)
        found = ask(" ".join(words))
        right += found.answer is answer
    assert right >= 0.9 * len(ANSWERS)


def misspelt(word, random):
    at = random.randrange(1, len(word.strip("?.,'")) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    return random.choice([before + after, before + 2 * letter + after, before + after[0] + letter + after[1:]])


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("last", "lasst", 1), ("lng", "long", 1), ("hrut", "hurt", 1), ("ca", "abc", 3), ("", "ab", 2), ("same", "same", 0),
        ("botox", "boxto", 2),
    ],
)  # fmt: skip
def test_edits_are_counted_with_swaps(one, other, edits):
    assert edit_distance(one, other, 9) == edit_distance(other, one, 9) == edits
    assert edit_distance(one, other, edits) == edits
    if edits:
        assert edit_distance(one, other, edits - 1) == edits


def test_only_unknown_words_are_corrected_and_to_the_most_said_of_the_nearest():
    speller = Speller({"long": 5, "lung": 1, "duration": 2}, ["fly"])
    assert [speller.correct(word) for word in ("lng", "fly", "durtaion", "ln", "giraffe", "lungs")] == [
        "long", "fly", "duration", "ln", "giraffe", "lung",
    ]  # fmt: skip


def test_no_word_of_another_subject_is_one_that_answers_are_found_by():
    words = load_words()
    held = {word for answer in ANSWERS.values() for way in (answer.question, *answer.also, *answer.words) for word in words_in(way)}
    stems = stems_of(held | words.elsewhere)
    shared = {word for word in words.elsewhere if stems[word] in {stems[other] for other in held}}
    assert shared <= {"filler", "thread", "surgery", "laser"}, "known ways to ask compare with these; nothing else may be in both"


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("does zinc make it last longer", "zinc"), ("does botox cause cancer", "cancer"), ("crooked smile", "crooked_smile"),
        ("vaccinated", "vaccines"), ("maximum dose", "maximum_dose"), ("fly", "flying"), ("can children have it", "age"),
        ("i cant swalow since my injection", "emergency"), ("how lng does botox lasst", "how_long"),
        ("dose it hrut", "pain"), ("can i drnk wine", "alcohol"), ("cervical dystonia", "other_uses"),
    ],
)  # fmt: skip
def test_what_was_once_answered_wrongly_is_answered(question, key):
    assert ask(question).answer is ANSWERS[key]


@pytest.mark.parametrize(
    "strange", ["?", "...", "botox", "should I get botox", "' OR 1=1 --", '"', "² ³", "日本語", "x" * 500, "NEAR(a b)", "*", "a\x00b"]
)
def test_strange_questions_get_no_answer_and_no_error(strange):
    found = ask(strange)
    assert found.answer is None
    assert found.document()["covered"] is False


@pytest.mark.parametrize("empty", ["", "   ", "\n", None, 7])
def test_an_empty_question_is_an_error(empty):
    with pytest.raises(InputError, match="the question is empty"):
        ask(empty)


def test_a_question_that_is_a_novel_is_an_error():
    with pytest.raises(InputError, match="has 501 letters; ask it in at most 500"):
        ask("x" * 501)


def test_a_misspelt_word_still_finds_its_answer():
    assert ask("does it cause hedaches").answer.key == "headache"
    assert ask("is it OK during pregnency").answer.key == "pregnancy"


def test_the_same_question_gives_the_same_answer():
    first = [one.key for one in ask("will my face be frozen and stiff").nearest]
    assert all([one.key for one in ask("will my face be frozen and stiff").nearest] == first for _ in range(5))
