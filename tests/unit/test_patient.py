import pickle

import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.face import load_face
from glabella.frown import FROWN_PATTERNS, frown_weights, read_frown_patterns
from glabella.names import AREAS, mirrored
from glabella.patient import EarlierToxin, Grades, Patient


def refusal(action, *words):
    with pytest.raises(InputError) as error:
        action()
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_the_default_is_a_woman_of_forty_with_severe_frown_lines():
    person = Patient()
    assert (person.age_years, person.sex, person.frown_pattern) == (40, "female", "U")
    assert set(person.baseline) == set(AREAS)
    assert person.baseline["glabellar"].contraction == 3
    assert person.baseline["glabellar"].rest < person.baseline["glabellar"].contraction
    assert set(person.frown_pattern_weights.values()) == {1.0}
    assert pickle.loads(pickle.dumps(person)) == person
    assert hash(person) == hash(Patient())


def test_size_comes_from_the_person_or_the_row_of_the_sex():
    table = load_parameters()
    assert Patient().pupil_distance_mm() == table["interpupillary_distance_female_mm"]
    assert Patient(sex="male").pupil_distance_mm() == table["interpupillary_distance_male_mm"]
    assert Patient(sex="male").pupil_distance_mm(table.with_values({"interpupillary_distance_male_mm": 66})) == 66
    person = Patient(age_years=60, sex="male", interpupillary_distance_mm=70)
    assert person.pupil_distance_mm() == 70
    face = person.shape(load_face())
    assert (face.sex, face.age_years, face.interpupillary_distance_mm) == (1, 60, 70)
    (right, _), (left, _) = face.eyeballs
    assert left[0] - right[0] == pytest.approx(70, abs=0.01)


@pytest.mark.parametrize("age", [17.99, 17, 0, -3])
def test_under_18_is_refused_in_one_line(age):
    refusal(lambda: Patient(age_years=age), "refused", "18 years and over")


def test_values_outside_their_range():
    assert Patient(age_years=18).age_years == 18
    refusal(lambda: Patient(age_years=121), "age_years")
    refusal(lambda: Patient(age_years=float("nan")), "age_years", "finite")
    refusal(lambda: Patient(sex="femal"), "did you mean 'female'")
    refusal(lambda: Patient(frown_pattern="omegaa"), "did you mean 'omega'")
    refusal(lambda: Patient(interpupillary_distance_mm=6.2), "interpupillary_distance_mm", "at least 50", "mm")
    refusal(lambda: Patient(frontalis_upper_margin_mm=0), "frontalis_upper_margin_mm", "above 0")
    refusal(lambda: Patient(conditions=("pregnacy",)), "did you mean 'pregnancy'")
    refusal(lambda: Patient(medicines=("anticoagulant",)), "did you mean 'anticoagulants'")
    refusal(lambda: Patient(baseline={"glabela": Grades(1, 2)}), "did you mean 'glabellar'")
    refusal(lambda: Grades(0, 4), "contraction", "at most 3")
    refusal(lambda: EarlierToxin("onabotulinumtoxinA", 20, -1), "days_ago", "at least 0")
    refusal(lambda: EarlierToxin("botox", 20, 1), "product")


GOOD = """
age_years = 52
sex = "male"
interpupillary_distance_mm = 66
frown_pattern = "V"
conditions = ["dry_eye", "pregnancy"]
medicines = "anticoagulants"
day_zero = 2026-11-22
[baseline.lateral_canthal]
rest = 1
contraction = 2.5
[baseline.glabellar]
rest = 0
contraction = 2
[[earlier_toxin]]
product = "abobotulinumtoxinA"
units = 50
date = 2026-10-23
[[earlier_toxin]]
product = "other"
units = "100 U"
days_ago = 200
"""


def read(tmp_path, text):
    (tmp_path / "person.toml").write_text(text)
    return Patient.read(tmp_path / "person.toml")


def test_a_file_is_read_whole(tmp_path):
    person = read(tmp_path, GOOD)
    assert person.earlier_toxin == (EarlierToxin("abobotulinumtoxinA", 50, 30), EarlierToxin("other", 100, 200))
    assert person.baseline["lateral_canthal_right"] == person.baseline["lateral_canthal_left"] == Grades(1, 2.5)
    assert person.baseline["glabellar"] == Grades(0, 2)
    assert person.baseline["forehead"] == Patient().baseline["forehead"]
    assert person.conditions == ("dry_eye", "pregnancy")
    assert person.medicines == ("anticoagulants",)
    assert read(tmp_path, "") == Patient()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("age_years = 52", "age_years = 17", ("refused", "18 years and over")),
        ("age_years = 52", "age = 52", ("unknown key 'age'", "did you mean 'age_years'")),
        ("age_years = 52", 'age_years = "52 months"', ("unit 'months'", "valid: years")),
        ('sex = "male"', 'sex = "man"', ("sex = 'man'", "male")),
        ("contraction = 2.5", "contraction = 3.5", ("baseline.lateral_canthal", "at most 3")),
        ("contraction = 2.5", "", ("'contraction' is missing",)),
        ("[baseline.glabellar]", "[baseline.glabela]", ("unknown key 'glabela'", "did you mean 'glabellar'")),
        ("units = 50", "units = 0", ("earlier_toxin 1", "above 0")),
        ("date = 2026-10-23", "date = 2026-12-23", ("lies after day_zero",)),
        ("date = 2026-10-23", 'date = "yesterday"', ("must be a date",)),
        ("day_zero = 2026-11-22", "", ("needs day_zero",)),
        ("days_ago = 200", "", ("either days_ago or date",)),
        ("days_ago = 200", "days_ago = 200\ndate = 2026-01-01", ("either days_ago or date",)),
        ('conditions = ["dry_eye", "pregnancy"]', "conditions = 3", ("list of names",)),
        ('conditions = ["dry_eye", "pregnancy"]', 'conditions = ["dry eyes"]', ("did you mean 'dry_eye'",)),
        ("age_years = 52", "age_years = = 52", ("not valid TOML", "line 2")),
    ],
)
def test_bad_patient_files_are_one_clear_line(tmp_path, old, new, words):
    assert old in GOOD
    refusal(lambda: read(tmp_path, GOOD.replace(old, new)), "person.toml", *words)


def test_frown_patterns_differ_and_are_the_same_on_both_sides():
    weights = {pattern: frown_weights(pattern) for pattern in FROWN_PATTERNS}
    assert len({tuple(sorted(w.items())) for w in weights.values()}) == len(FROWN_PATTERNS)
    assert all(mirrored(muscle) == muscle for w in weights.values() for muscle in w)  # names have no side
    assert weights["inverted_omega"]["procerus"] > weights["U"]["procerus"] > weights["converging_arrows"]["procerus"]
    refusal(lambda: frown_weights("W"), "frown pattern 'W'")


def test_a_bad_row_of_the_frown_table_is_named():
    header = "pattern,muscle,weight,quality,source,note\n"
    refusal(lambda: read_frown_patterns(header + "U,procerus,-1,assumed,assumed_here,x\n"), "line 2, column weight")
    refusal(lambda: read_frown_patterns(header + "U,procer,1,assumed,assumed_here,x\n"), "line 2, column muscle", "did you mean 'procerus'")
    refusal(lambda: read_frown_patterns(header + "U,procerus,1,assumed,assumed_here,x\n" * 2), "line 3", "twice")
    refusal(lambda: read_frown_patterns("pattern,muscle\n"), "header")
