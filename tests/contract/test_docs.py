"""Docs that run: the README's Python, its commands, and that the files it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.S))
def test_readme_code_runs(block, capsys):
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_readme_commands_are_the_ones_that_ci_runs():
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv .venv && ")]
    assert len(commands) == 2
    assert commands[0].endswith(".venv/bin/glabella demo")
    assert commands[1] in (ROOT / ".ci" / "run").read_text("utf-8").replace(" -n 2 --durations=15", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if not target.startswith(("http", "mailto")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_tests_named_in_risks_exist():
    for name in re.findall(r"tests/[\w/]+\.py", (ROOT / "RISKS.md").read_text("utf-8")):
        assert (ROOT / name).exists(), name
