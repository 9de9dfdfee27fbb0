"""``glabella ask``: a question in plain words, answered from the evidence tables."""

import json
import shutil

import click

from glabella.errors import InputError


@click.command()
@click.argument("question", nargs=-1)
@click.option("--list", "as_list", is_flag=True, help="All questions that are answered.")
@click.option("--json", "as_json", is_flag=True, help="The answer, its rows and its sources as JSON.")
def ask(question: tuple[str, ...], as_list: bool, as_json: bool) -> None:
    """Answer a question such as "does it ruin the skin over time?". Exit code 0, also where a question is not covered; 2: no question."""
    from glabella.ask import ask as find
    from glabella.ask import load_themes
    from glabella.ask.show import found_text, list_text

    if as_list:
        if question:
            raise InputError("--list shows all questions; leave the question out, or leave --list out")
        if as_json:
            themes = [
                {"theme": one.name, "title": one.title, "questions": [{"key": a.key, "question": a.question} for a in one.answers]}
                for one in load_themes()
            ]
            click.echo(json.dumps(themes, indent=2, ensure_ascii=False))
        else:
            click.echo(list_text())
        return
    found = find(" ".join(question))
    if as_json:
        click.echo(json.dumps(found.document(), indent=2, ensure_ascii=False))
    else:
        click.echo(found_text(found, shutil.get_terminal_size((88, 24)).columns))
