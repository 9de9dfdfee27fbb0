"""``glabella ask``: answers, the list, JSON, and exit codes."""

import json

import pytest
from click.testing import CliRunner

from glabella.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["ask", *arguments], env={"COLUMNS": "70"})


def test_a_question_is_answered_verdict_first():
    done = run("does it ruin the skin over time?")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Does it ruin or thin the skin over time?"
    assert lines[2] == "NOT KNOWN"
    assert "Sources:" in lines
    assert all(len(line) <= 70 or "http" in line for line in lines)


def test_words_need_no_quotes():
    assert run("can", "it", "be", "undone").stdout == run("can it be undone").stdout


def test_what_is_not_covered_leaves_with_zero_and_says_so():
    done = run("what is the capital of France")
    assert done.exit_code == 0
    assert done.stdout.startswith("Not covered.")


@pytest.mark.parametrize("arguments", [(), ("",), ("  ",), ("--json",), ("--json", "")])
def test_no_question_is_bad_input(arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.strip().count("\n") == 0
    assert "the question is empty" in done.stderr


def test_list_and_question_together_are_bad_input():
    done = run("--list", "how long does it last")
    assert done.exit_code == 2
    assert "--list shows all questions" in done.stderr


def test_the_list_in_words_and_as_json():
    words, data = run("--list"), json.loads(run("--list", "--json").stdout)
    assert words.exit_code == 0
    questions = [one["question"] for theme in data for one in theme["questions"]]
    assert len(questions) >= 50
    assert all(question in words.stdout for question in questions)


def test_json_holds_rows_and_sources():
    data = json.loads(run("--json", "how long does it last?").stdout)
    assert data["covered"] is True
    assert data["answer"]["verdict"] == "supported"
    assert all(one["rows"] or one["basis"] for one in data["answer"]["says"])
    assert all(one["citation"] for one in data["answer"]["sources"])
    assert {"key", "value", "low", "high", "unit"} <= set(data["answer"]["simulated"][0])
    nothing = json.loads(run("--json", "what is the capital of France").stdout)
    assert nothing["answer"] is None
    assert nothing["covered"] is False
