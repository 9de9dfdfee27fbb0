"""Text for a terminal of a given width: lines that wrap under themselves, and tables that go on below where they are too wide."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

NARROWEST, USUAL = 60, 100  # columns; the latter where there is no terminal
GAP = 2
HEAD_COLUMNS = 22  # a longer head of a column takes several lines


def wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    """Every line within ``width``, what does not fit under it, two columns further in."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + GAP)
        yield from wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Rows under their head within ``width``: the first column stands again in front of every further block of columns."""
    heads = [wrap(name, HEAD_COLUMNS) or [""] for name in head]
    widths = [max(len(text) for text in (*heads[k], *(row[k] for row in rows))) for k in range(len(head))]
    blocks: list[list[int]] = []
    for k in range(1, len(head)):
        if not blocks or GAP + sum(widths[j] + GAP for j in (0, *blocks[-1], k)) - GAP > width:
            blocks.append([])
        blocks[-1].append(k)
    for n, block in enumerate(blocks):
        if n:
            yield ""
        columns = (0, *block)
        tall = max(len(heads[k]) for k in columns)
        for line in range(tall):
            yield _line([heads[k][line - tall] if tall - line <= len(heads[k]) else "" for k in columns], [widths[k] for k in columns])
        for row in rows:
            yield _line([row[k] for k in columns], [widths[k] for k in columns])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = [cell.ljust(width) if not k else cell.rjust(width) for k, (cell, width) in enumerate(zip(cells, widths, strict=True))]
    return (" " * GAP + (" " * GAP).join(parts)).rstrip()
