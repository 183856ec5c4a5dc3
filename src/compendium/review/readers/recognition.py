"""Which format a file is in, told by its content; and the text of a file whatever its line ends and marks."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from compendium.faults import Fault, display_path
from compendium.review.readers import tagged
from compendium.review.readers.bibtex import read_bibtex
from compendium.review.readers.columns import BY_ROW, find_header, read_columns
from compendium.review.readers.endnote import read_endnote
from compendium.review.readers.entries import Parsed
from compendium.review.readers.eppi import read_eppi
from compendium.review.readers.labelled import is_labelled, read_labelled
from compendium.review.readers.pubmed_text import MARK, read_pubmed_text

# A file of RIS in which every line is indented.
INDENTED = re.compile(r"(?m)^[ \t]+TY[ \u00a0\t]{1,2}[-\u2013] ?[A-Z]{3,}")
FLUSH = re.compile(r"(?m)^\ufeff?[A-Z][A-Z0-9][ \u00a0\t]{1,2}[-\u2013]")
# How a reference begins where nothing but its format writes so.
OPENINGS = {
    "RIS": re.compile(r"(?m)^TY {1,2}- [A-Z]{3,}[ \t]*$"),
    "BibTeX": re.compile(r"(?mi)^@(?!comment|string|preamble)[a-z]+\{[^{},\s]*,"),
    "PubMed": re.compile(r"(?m)^PMID- \d+[ \t]*$"),
    "Web of Science": re.compile(r"(?m)^PT [A-Z][ \t]*$"),
    "EndNote tagged text": re.compile(r"(?m)^%0 [A-Z][a-z]+"),
}
Reader = Callable[[str, str], Parsed]
LOOKED_AT = 200_000
KNOWN = (
    "RIS, BibTeX, PubMed (nbib, text or CSV), Ovid, ProQuest, EndNote (XML or tagged text), Web of Science, Cochrane, "
    "EPPI-Reviewer JSON, or a table with a title column"
)
# What providers write when a search found nothing, or before and after what it found.
SILENT = re.compile(
    r"(?i)^\W*(?:provider:|content:|database|search (?:name|strategy|history)|date run|comment:|fn |vr |ef$|"
    r"exported? (?:on|date)|export: 0\b|about the data|id\tsearch\thits|$|"
    r"(?:sorry,? |there (?:were|was|are) )?(?:no|0|zero|keine?|aucune?|ning[u\u00fa]n|nessun|geen|inga|ingen) "
    r"[^.]{0,60}"
    r"(?:results?|records?|references?|documents?|articles?|items?|hits?|matches|citations?|treffer|ergebnisse|"
    r"r[e\u00e9]sultats?|resultados?|risultat[io]|resultaten|tr\u00e4ffar)\b.*|"
    r"(?:your|this|the) search .*|results?: 0|(?:record count|total|hits|found): 0)"
)
# Numbered lines of a search history, which count only in a file that says that it is one.
HISTORY = re.compile(r"(?im)^\W*(?:search (?:strategy|history|name)|database|id\tsearch\thits)")
STEP = re.compile(r"^(?:#\d+\s|\d+\.?\s+\S)")
COMMENT = re.compile(r"(?i)^(?:%|@comment\b)")
# The longer mark first: that of UTF-16 is the start of that of UTF-32.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = (
    re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)"),
    re.compile(rb"(?im)^%\s*encoding:\s*([A-Za-z0-9._-]+)"),
)
FOREIGN = (
    (
        b"PK\x03\x04",
        "a workbook or an archive, not a text",
        "save it as CSV; a project of ASReview goes into decisions/",
    ),
    (b"%PDF", "a PDF", "export the references as RIS"),
    (b"\xd0\xcf\x11\xe0", "an old workbook or document, not a text", "save it as CSV"),
    (b"{\\rtf", "rich text", "export the references as RIS"),
)


def read_references(path: Path) -> Parsed:
    """Read a file of references.

    Line ends of any system and byte-order marks change nothing. A search without hits, which leaves an empty file, a
    header alone or the provider's lines alone, gives no entry and no fault.

    Returns
    -------
    Parsed
        The references, and a fault for each that could not be read, or one for a file that is in no format known here.
    """
    shown = display_path(path)
    text, faults = _text(path.read_bytes(), shown)
    if faults or not text.strip():
        return Parsed([], faults, "empty")
    reader = _reader(text)
    if reader is not None:
        parsed = reader(text, shown)
        return replace(parsed, faults=[*parsed.faults, *_second_format(text, parsed.format, shown)])
    if _is_silent(text):
        return Parsed([], [], "no hits")
    first = next(line.strip() for line in text.split("\n") if line.strip())
    return Parsed([], [Fault(shown, "a format not known here", f"save it as {KNOWN}", row=1, value=first[:60])])


def _second_format(text: str, first: str, shown: str) -> list[Fault]:
    """Name references of another format that stand in the same file, which the reader of the first passes over."""
    if first not in OPENINGS:
        return []
    others = {name: list(pattern.finditer(text)) for name, pattern in OPENINGS.items() if name != first}
    return [
        Fault(
            shown,
            f"references in the format of {name} ({len(found)}) stand in a file of {first} and are not read",
            "save each format as a file of its own",
            row=text.count("\n", 0, found[0].start()) + 1,
            value=found[0][0].strip()[:60],
        )
        for name, found in others.items()
        if found
    ]


def _is_silent(text: str) -> bool:
    """Say whether a file holds nothing but what a provider writes around no hits."""
    history = HISTORY.search(text) is not None
    lines = [line for line in text.split("\n") if line.strip()]
    return all(SILENT.match(line) or COMMENT.match(line) or (history and STEP.match(line)) for line in lines)


def _text(content: bytes, shown: str) -> tuple[str, list[Fault]]:
    """Decode a file and bring its line ends to one form."""
    for mark, what, action in FOREIGN:
        if content.startswith(mark):
            return "", [Fault(shown, f"{what}: no references can be read from it", action)]
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            problem = f"the file says that it is {encoding}, and is not: {error.reason}"
            return "", [Fault(shown, problem, "export it again as UTF-8")]
        line = content.count(b"\n", 0, error.start) + 1
        lines = content.replace(b"\r", b"\n").split(b"\n")
        at = next((piece for piece in lines if not _is_utf8(piece)), b"")
        found = at.decode("cp1252", errors="replace")[:60]
        action = "save it as UTF-8; what was found is shown as Windows-1252 would read it"
        return "", [Fault(shown, f"not readable as UTF-8: {error.reason}", action, row=line, value=found)]
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in plain:
        plain = re.sub("[\x85\u2028\u2029]", "\n", plain)
    if INDENTED.search(plain) and not FLUSH.search(plain):
        plain = re.sub(r"(?m)^[ \t]+", "", plain)
    return plain.replace("\ufeff", "").replace("\x00", ""), []


def _encoding(content: bytes) -> str:
    """Return the encoding that a byte-order mark or a declaration in the file names; UTF-8 where none does.

    Declarations are those of XML (``<?xml encoding="..."?>``) and of reference managers that write BibTeX
    (``% Encoding: ...``). An encoding is never guessed from the bytes.
    """
    for mark, name in MARKS:
        if content.startswith(mark):
            return name
    declared = next((found for pattern in DECLARED if (found := pattern.search(content[:400]))), None)
    if declared is None:
        return "utf-8-sig"
    name = declared[1].decode("ascii")
    try:
        codecs.lookup(name)
    except LookupError:
        return "utf-8-sig"
    return "utf-8-sig" if name.lower().replace("-", "") == "utf8" else name


def _is_utf8(piece: bytes) -> bool:
    """Say whether bytes are UTF-8."""
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reader(text: str) -> Reader | None:
    """Return the reader of the format that a text is in."""
    head = text[:LOOKED_AT]

    def holds(pattern: str) -> bool:
        return re.search(pattern, head, re.MULTILINE) is not None

    if head.lstrip().startswith("<") and holds(r"<records?\b|<xml\b"):
        return read_endnote
    if head.lstrip().startswith(("{", "[")) and holds(r'"(?:References|CodeSets)"\s*:'):
        return read_eppi
    found = (
        (r"^[\s\ufeff]?TY[ \u00a0\t]{1,2}[-\u2013]", tagged.RIS),
        (r"^PMID *- \d", tagged.NBIB),
        (r"^VN {1,2}- ", tagged.OVID),
        (r"^Record #\d+ of \d+", tagged.COCHRANE),
        (r"^FN (?:Clarivate|Thomson|ISI)|^PT [A-Z]$", tagged.WOS),
        (r"^%0(?: |$)|^%T ", tagged.ENDNOTE_TAGS),
    )
    dialect = next((dialect for pattern, dialect in found if holds(pattern)), None)
    if dialect is not None:
        return partial(tagged.read_tagged, dialect=dialect)
    if holds(r"^[ \t]*@[A-Za-z]+\s*[{(]"):
        return read_bibtex
    if BY_ROW.match(head) or find_header(head):
        return read_columns
    if MARK.search(head) and holds(r"^1[.:] "):
        return read_pubmed_text
    return read_labelled if is_labelled(head) else None
