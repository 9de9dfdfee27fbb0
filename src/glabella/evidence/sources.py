"""The literature behind the numbers: ``sources.bib``, read by a small strict reader, and one-line citations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from glabella.errors import InputError, nearest

KINDS = ("article", "book", "incollection", "inproceedings", "manual", "misc", "phdthesis", "techreport")
FIELDS = (
    "author", "booktitle", "chapter", "date", "doi", "edition", "editor", "eprint", "howpublished", "institution", "issue", "journal",
    "month", "note", "number", "organization", "organisation", "pages", "pmcid", "pmid", "publisher", "school", "series", "title", "type",
    "url", "urldate", "version", "volume", "year",
)  # fmt: skip
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]*")
SPACE = re.compile(r"\s*")
ENTRY = re.compile(r"^@\w+\s*\{\s*([^,\s]+)", re.MULTILINE)
MARK = re.compile(r'(?<!\\)[{}"]')


@dataclass(frozen=True)
class Reference:
    """One entry of ``sources.bib``: ``key``, ``kind`` (article, misc, ...) and its ``fields`` as plain text."""

    key: str
    kind: str
    fields: Mapping[str, str]

    @property
    def link(self) -> str:
        """Address of the source: its DOI, else its url, else its PubMed page, else empty."""
        if doi := self.fields.get("doi"):
            return "https://doi.org/" + re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", doi)
        if url := self.fields.get("url"):
            return url if url.startswith(("http://", "https://")) else "https://" + url
        if pmid := self.fields.get("pmid"):
            return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"
        if pmcid := self.fields.get("pmcid"):
            return f"https://pmc.ncbi.nlm.nih.gov/articles/{pmcid}/"
        return ""

    @property
    def site(self) -> str:
        """Where the link leads, as short as it can be told: 'doi.org'; empty where there is none."""
        return self.link.split("/")[2].removeprefix("www.") if self.link else ""

    def __str__(self) -> str:
        """One line: authors, title, where it appeared, year."""
        field = self.fields.get
        place = field("journal") or field("booktitle") or field("howpublished") or field("publisher") or field("institution") or ""
        if volume := field("volume"):
            number = field("number") or field("issue")
            place = f"{place} {volume}{f'({number})' if number else ''}".strip()
        if pages := field("pages"):
            place = f"{place}{':' if field('volume') else ', p. ' if place else 'p. '}{pages}"
        parts = [_names(field("author") or field("editor") or ""), field("title") or "", place, field("year") or field("date") or ""]
        line = ". ".join(part.rstrip(".") for part in parts if part) + "."
        return f"{line} {field('note')}".strip() if field("note") else line


def _names(authors: str) -> str:
    """'Wilson, A. and Ng, B. and Li, C. and Oh, D.' as 'Wilson A, Ng B, Li C et al.'; 'others' counts as et al."""
    names = [re.sub(r"\s+", " ", name).strip() for name in re.split(r"\s+and\s+", authors) if name.strip()]
    more = len(names) > 4 or (bool(names) and names[-1] == "others")
    names = [name for name in names if name != "others"][: 3 if more else 4]
    short = []
    for name in names:
        family, comma, given = name.partition(",")
        initials = "".join(word[0] for word in re.findall(r"[^\W\d_]+", given))
        short.append(f"{family.strip()} {initials}".strip() if comma else name)
    return ", ".join(short) + (" et al" if more else "")


def read_references(text: str, where: str = "sources.bib") -> Mapping[str, Reference]:
    """Parse BibTeX entries ``@kind{key, field = {value}, ...}``; anything else is an error that names its line.

    Values stand in braces, quotes or are bare numbers. Between entries only blank lines and lines starting with % may stand.
    A key twice, a field twice, an unknown kind or field, or an entry without title is an error.
    """
    reader = _Reader(text, where)
    references: dict[str, Reference] = {}
    while reader.skip_comments():
        line = reader.line
        reference = reader.entry()
        if reference.key in references:
            raise InputError(f"{where} line {line}: source '{reference.key}' appears twice; keep one entry")
        references[reference.key] = reference
    return references


class _Reader:
    """A cursor over the text; every step either consumes what must stand here or raises with the line."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.position = text, where, 0

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.position) + 1

    def fail(self, what: str) -> InputError:
        return InputError(f"{self.where} line {self.line}: {what}")

    def skip_space(self) -> None:
        match = SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def skip_comments(self) -> bool:
        """Go to the next entry; False at the end of the text."""
        self.skip_space()
        while self.text.startswith("%", self.position):
            end = self.text.find("\n", self.position)
            self.position = len(self.text) if end < 0 else end
            self.skip_space()
        return self.position < len(self.text)

    def take(self, pattern: str, what: str) -> str:
        self.skip_space()
        match = re.compile(pattern).match(self.text, self.position)
        if not match:
            found = self.text[self.position : self.position + 12].split("\n")[0] or "the end of the file"
            raise self.fail(f"expected {what}, found '{found}'")
        self.position = match.end()
        return match.group()

    def entry(self) -> Reference:
        kind = self.take(r"@\w+", "an entry such as @article{key,")[1:].lower()
        if kind not in KINDS:
            raise self.fail(f"kind '@{kind}' is unknown; {nearest(kind, KINDS)}")
        self.take(r"\{", "'{' after the kind")
        key = self.take(KEY.pattern, "a key of letters, digits, _ : . -")
        fields: dict[str, str] = {}
        while self.take(r"[,}]", f"',' or '}}' in entry '{key}'") == ",":
            self.skip_space()
            if self.text.startswith("}", self.position):  # a comma after the last field
                self.position += 1
                break
            name = self.take(r"\w+", "a field name").lower()
            if name not in FIELDS:
                raise self.fail(f"field '{name}' of '{key}' is unknown; {nearest(name, FIELDS)}")
            if name in fields:
                raise self.fail(f"field '{name}' of '{key}' appears twice")
            self.take("=", f"'=' after field '{name}'")
            fields[name] = self.value(name)
        if not fields.get("title"):
            raise self.fail(f"entry '{key}' has no title")
        return Reference(key, kind, fields)

    def value(self, name: str) -> str:
        opening = self.take(r'[{"]|\d+', f"a value in braces or quotes for field '{name}'")
        if opening not in ("{", '"'):
            return opening
        depth, start = 1, self.position
        for mark in MARK.finditer(self.text, start):
            character = mark.group()
            if character == '"':
                depth = 0 if opening == '"' and depth == 1 else depth
            else:
                depth += 1 if character == "{" else -1
            if depth == 0:
                self.position = mark.end()
                return _plain_text(self.text[start : self.position - 1])
        self.position = start
        raise self.fail(f"field '{name}' is never closed")


def _plain_text(value: str) -> str:
    """The value without BibTeX's braces and escapes, white space collapsed."""
    value = re.sub(r"\\([&%_#$])", r"\1", value)
    return re.sub(r"\s+", " ", re.sub(r"[{}]", "", value)).replace("--", "–").strip()


class _Library(Mapping[str, Reference]):
    """The entries of a text whose entries each begin on a line of their own; one is parsed when it is first asked for."""

    def __init__(self, text: str) -> None:
        starts = list(ENTRY.finditer(text))
        ends = [match.start() for match in starts[1:]] + [len(text)]
        self._text = {match.group(1): text[match.start() : end] for match, end in zip(starts, ends, strict=True)}
        self._parsed: dict[str, Reference] = {}

    def __getitem__(self, key: str) -> Reference:
        if key not in self._parsed:
            self._parsed |= read_references(self._text[key])
        return self._parsed[key]

    def __contains__(self, key: object) -> bool:
        return key in self._text

    def __iter__(self) -> Iterator[str]:
        return iter(self._text)

    def __len__(self) -> int:
        return len(self._text)


@cache
def load_references() -> Mapping[str, Reference]:
    """The sources shipped with the package, by key. The tests read the whole file strictly; a run only what it cites."""
    return _Library(resources.files("glabella.evidence").joinpath("sources.bib").read_text("utf-8"))


def find_reference(key: str) -> Reference:
    """The source with this key; an unknown key is an error that names the nearest valid one."""
    references = load_references()
    if key not in references:
        raise InputError(f"source '{key}' is not in sources.bib; {nearest(key, references)}")
    return references[key]


def reference(key: str) -> str:
    """The one-line citation of a source."""
    return str(find_reference(key))
