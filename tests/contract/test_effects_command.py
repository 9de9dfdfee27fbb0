"""glabella effects: what it prints and writes, and bad input."""

import json

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.commands.common import BAD_INPUT

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


def test_the_gravest_first():
    from glabella.effects_text import effects_lines, gravity

    document = {
        "watermark": None, "product": "p", "units": 1, "areas": ["glabellar"], "any_adverse_event": None, "without_rate": [],
        "unlicensed": [], "genuine": [], "reporting": [], "get_help_now": {"paragraphs": [], "sources": []}, "frame": "f",
        "blood": {"bound": None, "facts": []},
        "effects": [
            {"title": t, "plain": "about 1 in 1000", "basis": "computed", "reported": None, "set_to": None, "onset": "x", "duration": "x",
             "seriousness": s, "source": "k"} for t, s in (("Mild one", "mild"), ("Grave one", "serious: call"))
        ],
    }  # fmt: skip
    usual, grave = ("\n".join(effects_lines(document, by_seriousness)) for by_seriousness in (False, True))
    assert usual.index("Mild one") < usual.index("Grave one")
    assert grave.index("Grave one") < grave.index("Mild one")
    assert gravity("serious: call") < gravity("mild")


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
