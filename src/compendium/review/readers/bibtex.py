"""BibTeX and BibLaTeX: plain entries are read here, as bibtexparser takes long for each; others are left to it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from compendium.faults import Fault
from compendium.review.names import SEPARATOR
from compendium.review.readers.entries import Parsed, entry, year_of

OPENING = re.compile(r"^[ \t]*@", re.MULTILINE)
HEAD = re.compile(r"\s*@(?!comment|string|preamble)(\w+)\s*\{\s*([^,\s{}()\"#%]+)\s*,", re.IGNORECASE)
END = re.compile(r"\s*,?\s*\}\s*\Z")
# A value that needs no library: text without braces, or with one pair around words or the whole.
TEXT = r"[^{}@\"]*+"
FIELD = re.compile(
    r"\s*([A-Za-z][\w-]*)\s*=\s*"
    r"(?:\{((?:[^{}@]|\{[^{}@]*+\})*+)\}|\"([^{}@\"]*+)\"|(\d+)|([a-z]{3}))"
    r"\s*(?:,|(?=\}\s*\Z))"
)
MONTH = "month"
Item = dict[str, str]
Placed = list[tuple[int, Item]]
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "d": "\u0323", "r": "\u030a",
    "b": "\u0331",
}  # fmt: skip
LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ldots": "…", "dots": "…",
    "textendash": "–", "textemdash": "—", "textquoteright": "’", "textquoteleft": "‘", "textquotesingle": "'",
    "textquotedblleft": "“", "textquotedblright": "”", "textasciitilde": "~", "textbackslash": "",
    "copyright": "©", "texttrademark": "™", "S": "§", "pounds": "£", "euro": "€", "texteuro": "€",
    "textgreater": ">", "textless": "<", "textbar": "|", "textunderscore": "_", "slash": "/", "newline": " ",
}  # fmt: skip
ACCENT = re.compile(r"\\(['`^\"~=.]|[uvHckdrb](?![A-Za-z]))\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
LETTER = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])\s?(?:\{\})?")
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)(?:\{[^{}]*\})?")
STYLE = re.compile(
    r"\\(?:emph|text(?:it|bf|sc|rm|sf|tt|up|sl|normal|superscript|subscript)|mbox|enquote|mkbibquote|mkbibemph|uppercase)\s*(?=\{)"
)


def read_bibtex(text: str, file: str) -> Parsed:
    """Read BibTeX or BibLaTeX; an entry that cannot be read is a fault with its line.

    Notes
    -----
    A braced author is one name, whatever words it holds (``{{Department of Health and Social Care}}``).
    """
    placed, faults = read_items(text, file)
    return Parsed([entry(line, _fields(item)) for line, item in placed], faults, "BibTeX")


def read_items(text: str, file: str) -> tuple[Placed, list[Fault]]:
    """Return the entries with the line where each begins, in their order, and a fault for each that cannot be read."""
    plain: Placed = []
    left: list[tuple[int, str]] = []
    for line, chunk in _chunks(text):
        item = plain_item(chunk)
        if item is None:
            left.append((line, chunk))
        else:
            plain.append((line, item))
    other, faults = with_library(left, file) if any("@" in chunk for _, chunk in left) else ([], [])
    return sorted([*plain, *other], key=lambda placed: placed[0]), faults


def plain_item(chunk: str) -> Item | None:
    """Return an entry without macros or concatenation as bibtexparser would, or None where it is not plain."""
    head = HEAD.match(chunk)
    if head is None:
        return None
    item = {"ENTRYTYPE": head[1].lower(), "ID": head[2]}
    place = head.end()
    while found := FIELD.match(chunk, place):
        name = found[1].lower()
        if name in item or (found[5] and name != MONTH):
            return None
        item[name] = next(group for group in found.groups()[1:] if group is not None)
        place = found.end()
    return item if END.match(chunk, place) else None


def _chunks(text: str) -> list[tuple[int, str]]:
    """Return the text cut where a line begins with ``@``, each part with its line."""
    cuts = [0, *(found.start() for found in OPENING.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(cuts)]
    lines, number = [], 1
    for part in parts:
        lines.append(number)
        number += part.count("\n")
    return [(line, part) for line, part in zip(lines, parts, strict=True) if part.strip()]


def with_library(chunks: list[tuple[int, str]], file: str) -> tuple[Placed, list[Fault]]:
    """Read entries with macros or concatenation with bibtexparser; macros defined earlier apply.

    Every part is put on lines of its own, as many as it had, so that the library's lines lead back to the file's.
    """
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry, ParsingFailedBlock

    starts: list[tuple[int, int]] = []
    lines = 0
    for line, chunk in chunks:
        starts.append((lines, line))
        lines += chunk.count("\n") + (not chunk.endswith("\n"))
    joined = "".join(chunk if chunk.endswith("\n") else chunk + "\n" for _, chunk in chunks)
    placed: Placed = []
    faults: list[Fault] = []
    for block in parse_string(joined).blocks:
        start = max(place for place in starts if place[0] <= (block.start_line or 0))
        line = start[1] + (block.start_line or 0) - start[0]
        found = block.ignore_error_block if isinstance(block, DuplicateBlockKeyBlock) else block
        if isinstance(found, Entry):
            fields = {field.key.lower(): str(field.value) for field in found.fields}
            placed.append((line, {"ENTRYTYPE": found.entry_type.lower(), "ID": found.key, **fields}))
        elif isinstance(block, ParsingFailedBlock):
            head = re.match(r"\s*@\w+\s*[{(]\s*([^,\s]*)", block.raw or "")
            twice = isinstance(block, DuplicateFieldKeyBlock)
            problem = "a field stands twice in the entry" if twice else "the entry cannot be read"
            action = "keep one of them" if twice else "close its braces and quotes"
            faults.append(
                Fault(file, f"not valid BibTeX: {problem}", action, row=line, value=head[1] if head else None)
            )
    return placed, faults


def _fields(item: Item) -> dict[str, str]:
    """Map the fields of BibTeX and BibLaTeX to ours."""
    plain = {name: unlatex(value) for name, value in item.items()}
    title = ": ".join(text for text in (plain.get("title", ""), plain.get("subtitle", "")) if text)
    kinds = ("journal", "journaltitle", "booktitle", "maintitle")
    houses = ("publisher", "institution", "organization", "school", "howpublished")
    return {
        "own_id": item.get("ID", ""),
        "title": title,
        "authors": authors_of_bibtex(item.get("author", "") or item.get("editor", "")),
        "year": year_of(plain.get("year", "") or plain.get("date", "")),
        "container": next((plain[name] for name in kinds if plain.get(name)), ""),
        "volume": plain.get("volume", ""),
        "issue": plain.get("number", "") or plain.get("issue", ""),
        "pages": plain.get("pages", "").replace("--", "-"),
        "edition": plain.get("edition", ""),
        "publisher": next((plain[name] for name in houses if plain.get(name)), ""),
        "type": item.get("ENTRYTYPE", ""),
        "doi": plain.get("doi", "") or plain.get("url", "") * ("doi.org/" in plain.get("url", "")),
        "pmid": plain.get("pmid", "") or plain.get("eprint", "") * (plain.get("eprinttype", "").lower() == "pubmed"),
        "keywords": plain.get("keywords", ""),
        "abstract": plain.get("abstract", ""),
        "notes": plain.get("note", "") or plain.get("annote", ""),
    }


def authors_of_bibtex(value: str) -> str:
    """Return authors separated by semicolons; ``and`` separates them outside braces only."""
    names = [name for name in _outside_braces(" ".join(value.split())) if name]
    named = [unlatex(name) for name in names if name.lower() != "others"]
    return SEPARATOR.join(named) + (" et al." if len(named) < len(names) else "")


def _outside_braces(text: str) -> list[str]:
    """Cut a list of names at every ``and`` that stands outside braces."""
    parts, depth, start = [], 0, 0
    for found in re.finditer(r"[{}]|\s+and\s+", text, re.IGNORECASE):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif depth == 0:
            parts.append(text[start : found.start()].strip())
            start = found.end()
    return [*parts, text[start:].strip()]


@lru_cache(maxsize=10_000)
def unlatex(text: str) -> str:
    r"""Return a text without LaTeX: accents and letters composed, guarding braces dropped, one space between words.

    Examples
    --------
    >>> unlatex(r"{M}{\"u}ller \& S{\o}rensen: caf\'{e}~care")
    'Müller & Sørensen: café care'
    """
    if "\\" in text or "~" in text:
        text = re.sub(r"(?<!\\)~", " ", text)
        text = ACCENT.sub(_accented, text)
        text = re.sub(r"\\([&%$#_{}~])", r"\1", STYLE.sub("", text))
        text = LETTER.sub(lambda found: LETTERS.get(found[1], found[0]), text)
        text = COMMAND.sub(_with_pylatexenc, text)
        text = text.replace("``", "“").replace("''", "”")
    plain = re.sub(r"[{}]|\$", "", text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _accented(found: re.Match[str]) -> str:
    """Return a letter with its accent."""
    return unicodedata.normalize("NFC", (found[2] or found[3]) + ACCENTS[found[1]])


def _with_pylatexenc(found: re.Match[str]) -> str:
    """Leave the rarer commands to pylatexenc, which bibtexparser brings along."""
    from pylatexenc.latex2text import LatexNodes2Text

    return str(LatexNodes2Text().latex_to_text(found[0]))
