"""glabella effects: what it prints and writes, and bad input."""

import json
import re

import pytest
from click.testing import CliRunner

from glabella import Plan, simulate
from glabella.cli import main
from glabella.commands.common import BAD_INPUT
from glabella.effects_order import GROUPS, gravity
from glabella.effects_text import effects_document, effects_lines, source_keys
from glabella.report.frequencies import draw_frequencies
from glabella.report.style import styled

QUICK = ("effects", "--samples", "0", "--area", "lateral_canthal")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("effects") / "out"
    result = run(*QUICK, "--out", folder)
    assert result.exit_code == 0, result.output
    return result.output, folder


@pytest.fixture(scope="module")
def document(shown):
    return json.loads((shown[1] / "effects.json").read_text("utf-8"))


def test_it_tells_effects_help_blood_and_unlicensed_products_in_this_order(shown):
    text = shown[0]
    parts = ["Dry or irritated eye", "GET HELP NOW", "Into the blood", "What an unlicensed product", "A genuine box", "Where to report"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "research and education, not a medical device" in text
    assert "set to: the reach of its route" in " ".join(text.split())
    assert "harmless" not in text
    assert max(len(line) for line in text.splitlines()) < 240


def test_the_document_is_whole(document):
    computed = {effect["effect"] for effect in document["effects"] if effect["basis"] == "computed"}
    assert {"eyelid_ptosis", "brow_ptosis", "dry_eye", "asymmetric_smile", "double_vision", "peaked_brow"} <= computed
    for effect in document["effects"]:
        chance = effect["probability"]
        assert 0 <= chance["low"] <= chance["value"] <= chance["high"] <= 1
        for part in ("plain", "onset", "duration", "seriousness", "source", "title"):
            assert effect[part]
    bound = document["blood"]["bound"]
    assert bound["worst_pg_per_ml"] > bound["peak_pg_per_ml"] > bound["estimate"]["peak_pg_per_ml"] > 0
    told = {effect["effect"]: effect["set_to"] for effect in document["effects"]}
    assert told["double_vision"]
    assert told["dry_eye"] is None
    assert document["get_help_now"]["paragraphs"]
    assert document["unlicensed"]
    assert document["reporting"]


def test_the_page_holds_it_all_and_nothing_from_outside(shown, document):
    page = (shown[1] / "report.html").read_text("utf-8")
    assert "src=\"http" not in page
    assert "<script" not in page
    for effect in document["effects"]:
        assert effect["title"] in page
    assert "Get help now" in page
    assert (shown[1] / "pictures" / "frequencies.png").stat().st_size > 5000


def test_json_alone_on_stdout(document):
    result = run(*QUICK, "--json")
    assert json.loads(result.stdout) == document


def test_a_plan_of_the_lower_face():
    result = run("effects", "examples/masseter_study_plan.toml", "--samples", "0", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["watermark"] == "study"
    assert {"weak_bite", "difficulty_swallowing"} <= {effect["effect"] for effect in document["effects"]}
    assert document["blood"]["bound"]["worst_pg_per_ml"] > 0


def test_the_gravest_come_first_under_their_headings(shown, document):
    text = shown[0]
    headings = [heading.upper() for _, heading, _ in GROUPS]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    ranks = [gravity(effect["seriousness"]) for effect in document["effects"]]
    assert ranks == sorted(ranks)
    assert places[0] < text.index("Double vision") < places[1] < text.index("Drooping eyelid") < places[2] < text.index("Headache")
    likeliest = "\n".join(effects_lines(document, likeliest_first=True))
    assert likeliest.index("Headache") < likeliest.index("Double vision")
    assert GROUPS[0][1].upper() not in likeliest


def test_figures_that_exclude_each_other_are_both_told():
    """Heavy brow after prabotulinumtoxinA in the glabella: computed next to never, found by a trial in 3 of 570."""
    outcome = simulate(Plan.label("prabotulinumtoxinA").repeated(0, 100), days=130, samples=0, scene=False, step_mm=2.8, depth_step_mm=1.4)
    document = effects_document(outcome)
    brow = next(effect for effect in document["effects"] if effect["effect"] == "brow_ptosis")
    assert brow["contradicts"]
    assert not any(effect["contradicts"] for effect in document["effects"] if effect["basis"] != "computed")
    text = " ".join("\n".join(effects_lines(document)).split())
    assert "prabotulinumtoxinA, 2 sessions of 20 U, glabellar" in text
    assert "chance over all sessions together" in text
    assert f"{brow['plain']} computed" in text
    assert "about 5 in 1000 (1 to 14) published" in text
    assert "the two figures disagree: trials found more than is computed here" in text
    with styled():
        picture = draw_frequencies(document["effects"], None)
    assert f"Heavy or lowered brow: {brow['plain']}, in trials about 5 in 1000 (1 to 14)" in picture.alt


def test_every_source_is_a_number_that_is_resolved(shown, document):
    text, keys = shown[0], source_keys(document)
    listed = text.split("\nSources\n")[1]
    for number, key in enumerate(keys, start=1):
        assert f"[{number}] " in listed
        assert not re.search(rf"\b{re.escape(key)}\b", text), key
    told = {int(n) for some in re.findall(r"\[([\d, ]+)[^\]]*\]", text.split("\nSources\n")[0]) for n in re.findall(r"\d+", some)}
    assert told == set(range(1, len(keys) + 1))
    page = (shown[1] / "report.html").read_text("utf-8")
    assert page.count("<li>", page.index('class="references"')) == len(keys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("effects", "--product", "onabotulinumtoxin"), "did you mean"),
        (("effects", "--area", "glabela"), "glabellar"),
        (("effects", "nowhere.toml"), "nowhere.toml"),
        (("effects", "examples/glabella_plan.toml", "--product", "onabotulinumtoxinA"), "--product"),
    ],
)
def test_bad_input_is_one_line(arguments, said):
    result = run(*arguments)
    assert result.exit_code == BAD_INPUT
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
