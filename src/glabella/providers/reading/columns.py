"""Columns by name: files move and rename them, so a name counts with its letters and figures alone."""

from collections.abc import Iterable, Sequence

from glabella.errors import InputError, nearest


def plain(name: str) -> str:
    """A name without case, spaces and signs."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


class Header:
    """The first record of a file. ``where`` names the file in errors."""

    def __init__(self, names: Sequence[str], where: str) -> None:
        self.names, self.where = list(names), where
        self.places = {plain(name): place for place, name in reversed(list(enumerate(names)))}

    def has(self, names: Iterable[str]) -> bool:
        """Whether all are there."""
        return all(plain(name) in self.places for name in names)

    def place(self, *names: str) -> int:
        """The place of the first of ``names`` that is there. Errors: InputError that names the nearest column."""
        for name in names:
            if plain(name) in self.places:
                return self.places[plain(name)]
        raise InputError(f"{self.where}: the column '{names[0]}' is missing; {nearest(names[0], self.names)}; take the file as published")
