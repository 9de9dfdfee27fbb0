"""The answers as one page of Markdown for the docs, made from the same data as everything else."""

from glabella.ask.answers import FACT, VERDICTS, Answer, load_themes
from glabella.ask.show import simulated_words
from glabella.outcome import FRAME

HEAD = f"""# Answers

Questions people ask about botulinum toxin for lines of the face, answered from the tables of this package. Every number in a sentence is
filled in from a row of [evidence](../src/glabella/evidence), and where the model can speak, from a simulation that a test runs again.
*{FRAME[0].upper()}{FRAME[1:]}: it informs, it never tells a person what to do.*

Ask in your own words with `glabella ask "how long does it last?"`. This page is written by `tools/build_answers.py`; do not edit it.

Verdicts: {", ".join(f"**{words}**" for words in VERDICTS.values())}; **{FACT}** where a question holds no claim.
*Remembered, to be checked* stands beside a source whose figure was not read on a page of it.
"""


def answers_page() -> str:
    """The whole page: contents, then every answer with verdict, sentences, simulations and sources."""
    parts = [HEAD]
    for theme in load_themes():
        parts.append("\n".join([f"**{theme.title}**", "", *(f"- [{one.question}](#{one.key})" for one in theme.answers), ""]))
    for theme in load_themes():
        parts.append(f"## {theme.title}\n")
        parts += [_section(one) for one in theme.answers]
    return "\n".join(parts)


def _section(answer: Answer) -> str:
    lines = [f'<a id="{answer.key}"></a>', f"### {answer.question}", ""]
    lines += [f"**{answer.verdict_words}**" + (f" · the claim: {answer.claim}" if answer.claim else ""), ""]
    for one in answer.says:
        lines += [one.text, ""]
    if answer.simulated:
        lines += ["Simulated: " + "; ".join(simulated_words(row) for row in answer.simulated) + ".", ""]
    if answer.sources:
        lines += ["<details><summary>Sources</summary>", ""]
        for source in answer.sources:
            link = f" [{source.reference.site}]({source.reference.link})" if source.reference.link else ""
            remark = f" *{source.remark}*" if source.remark else ""
            lines.append(f"- {source.reference}{link}{remark}")
        lines += ["", "</details>", ""]
    return "\n".join(lines)
