"""docs/practitioners.md: its commands and its code run, its layout is read, its table of states is the one that is shipped."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from glabella.cli import main
from glabella.providers.layouts import known_layouts, read_layout

PAGE = (Path(__file__).parents[2] / "docs" / "practitioners.md").read_text("utf-8")
COMMANDS = [line for line in re.findall(r"```\n(.*?)```", PAGE, re.S)[0].splitlines() if line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the first command has made the invented people."""
    found = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(found)
        made = CliRunner().invoke(main, shlex.split(COMMANDS[0])[1:])
    assert made.exit_code == 0, made.output
    assert "everybody in" in made.output
    return found


def test_the_first_command_is_the_demonstration():
    assert COMMANDS[0] == "glabella providers demo --out invented"
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_commands_run_and_find_somebody(folder, monkeypatch, command):
    monkeypatch.chdir(folder)
    found = CliRunner().invoke(main, shlex.split(command)[1:])
    assert found.exit_code == 0, found.output
    if command.endswith("--json"):
        assert json.loads(found.stdout)["people"] > 0
    elif "search" in command:
        assert "  1  " in found.stdout
        assert "never at home" in found.stdout
    else:
        assert "National provider file" in found.stdout


def test_the_code_runs(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(code, "practitioners.md", "exec"), {})
    assert capsys.readouterr().out.count(" km, lists ") == 3


def test_the_layout_is_one(tmp_path):
    path = tmp_path / "layout.toml"
    path.write_text(re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0])
    assert (read_layout(path).list, read_layout(path).number) == ("licences_OR", "License Number")


def test_the_table_of_states_is_the_shipped_one():
    told = set(re.findall(r"^\| ([A-Z]{2}) \| (.+?) \| (licences|actions) \| (\S+) \|$", PAGE, re.M))
    assert told == {(one.state, one.dataset, one.kind, one.link) for one in known_layouts()}
