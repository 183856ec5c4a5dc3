"""Two reports side by side: what speaks for one publication, what speaks against it, and what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from compendium.review.identifiers import is_preprint, normalise_doi, normalise_pmid, without_version
from compendium.review.names import SEPARATOR, fold, parse_name, same_authors
from compendium.review.titles import (
    DIFFERENT,
    SAME,
    SHORTENED,
    SIMILAR,
    SPELLING,
    TitleComparison,
    compare_titles,
    is_section,
    normalise_title,
    relation,
    subject,
    words_of,
)

JOIN, ASK, APART = "join", "ask", "apart"
# Fewest words of a title on which, with author and year, a join may rest; and with the year alone.
LONG_TITLE, LONGER_TITLE = 5, 6
# One DOI or PubMed number outweighs so many years between the reports: first online, then in print.
YEARS_WITH_IDENTIFIER = 2
SERIAL = re.compile(
    r"\b(?:annual|yearly|quarterly|yearbook|report|reports|survey|statistics|proceedings|bulletin|newsletter|census|jahresbericht|"
    r"bericht|rapport annuel|informe anual|memoria anual|relazione annuale|jaarverslag|årsrapport|årsberetning)\b"
)
BOOKS = re.compile(r"(?i)\b(?:book|books|rprt|report|techreport|guideline|stand|standard|encyc|manual|thes|thesis)\b")
THESES = re.compile(r"(?i)^thes$|thesis|dissertation")
PLACE_ALIKE = 85.0


@dataclass(frozen=True)
class Report:
    """One reference in the form in which it is compared.

    Attributes
    ----------
    title, raw
        The normalised title and the title as given.
    authors
        Names separated by ``"; "``.
    year
        0 where unknown.
    doi, pmid
        Normalised; empty where unknown.
    place, publisher
        Journal or book, and publisher, folded.
    volume, issue, first_page, edition, kind
        As given, without what surrounds the number.
    """

    title: str
    raw: str
    authors: str
    year: int
    doi: str
    pmid: str
    place: str
    publisher: str
    volume: str
    issue: str
    first_page: str
    edition: str
    kind: str

    @cached_property
    def words(self) -> int:
        """Number of words of the title."""
        return words_of(self.title)

    @cached_property
    def subject(self) -> str:
        """The title, without what makes it that of a correction or a retraction."""
        return subject(self.raw, self.title)

    @cached_property
    def generic(self) -> bool:
        """Whether the title is that of a section, or too short to tell a work."""
        return self.words < LONG_TITLE - 1 or is_section(self.title)

    @cached_property
    def preprint(self) -> bool:
        """Whether it is a preprint."""
        return is_preprint(self.doi, self.place, self.kind)

    @cached_property
    def thesis(self) -> bool:
        """Whether it is a thesis."""
        return bool(THESES.search(self.kind))

    @cached_property
    def serial(self) -> bool:
        """Whether a neighbouring year may be another issue: a report, a book, a work of a body or without an author."""
        first = self.authors.split(SEPARATOR)[0]
        return bool(SERIAL.search(self.title) or BOOKS.search(self.kind) or not first or parse_name(first).body)


@dataclass(frozen=True)
class MatchVerdict:
    """What follows from a comparison: join, ask a person, or apart; the evidence or the reasons."""

    decision: str
    evidence: str = ""
    reason: str = ""
    strength: int = 0
    against: bool = False


def report_from(fields: dict[str, str]) -> Report:
    """Return a reference in the form in which it is compared; fields as the readers give them."""
    year = fields.get("year", "")
    return Report(
        normalise_title(fields.get("title", "")),
        fields.get("title", ""),
        fields.get("authors", ""),
        int(year) if year.isdigit() else 0,
        normalise_doi(fields.get("doi", "")),
        normalise_pmid(fields.get("pmid", "")),
        _plain(fields.get("container", "")),
        _plain(fields.get("publisher", "")),
        _number(fields.get("volume", "")),
        _number(fields.get("issue", "")),
        _number(re.split(r"[-\u2013\u2014]", fields.get("pages", ""))[0]),
        fold(fields.get("edition", "")),
        fields.get("type", ""),
    )


def _plain(text: str) -> str:
    """Return the folded words of a name."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


def _number(text: str) -> str:
    """Return the number of a volume, issue or page without leading noughts."""
    found = re.search(r"[a-z]?\d+[a-z]?", text.lower())
    return found[0].lstrip("0") if found else ""


def compare(one: Report, other: Report) -> MatchVerdict:
    """Say whether two reports are of one publication.

    They are joined on strong evidence only: one DOI or PubMed number with titles and authors that agree; or the same
    title, but for spelling, with the first author and the year (or journal, volume and page), and nothing against it.
    Numbers, part marks, years, editions, journals, authors and words that differ count against it. What is alike but
    not certain is for a person.

    Returns
    -------
    Verdict
        ``join`` with the evidence, ``ask`` with the reasons, or ``apart``.
    """
    titles = _titles(one, other)
    authors = same_authors(one.authors, other.authors)
    shared = [name for name in ("doi", "pmid") if getattr(one, name) and getattr(one, name) == getattr(other, name)]
    against = _against(one, other, titles, authors, bool(shared))
    if shared:
        return _with_identifier(one, other, titles, authors, against, shared)
    if _versions(one, other) and titles.kind != DIFFERENT:
        return MatchVerdict(ASK, "versions", "versions of one work: " + _version_words(one, other), against=True)
    if titles.kind in (SAME, SPELLING):
        return _with_title(one, other, titles, authors, against)
    return _with_likeness(one, other, titles, authors, against)


def _titles(one: Report, other: Report) -> TitleComparison:
    """Compare titles; where one is missing nothing is known."""
    if not one.title or not other.title:
        return TitleComparison("")
    if one.title != other.title and one.subject == other.subject:
        return TitleComparison(SHORTENED)
    return compare_titles(one.title, other.title, (one.raw, other.raw))


def _against(one: Report, other: Report, titles: TitleComparison, authors: bool | None, identified: bool) -> list[str]:
    """List what speaks against one publication."""
    found = []
    if any(titles.numbers):
        found.append(f"numbers differ ({_beside(titles.numbers)})")
    if any(titles.differing):
        found.append(f"words differ ({_beside(titles.differing)})")
    if titles.kind == DIFFERENT:
        found.append("titles differ")
    if authors is False:
        found.append(f"authors differ ({_first(one.authors)} / {_first(other.authors)})")
    apart = abs(one.year - other.year) if one.year and other.year else 0
    if apart > (YEARS_WITH_IDENTIFIER if identified else 1):
        found.append(f"years differ ({one.year} / {other.year})")
    if relation(one.title) != relation(other.title):
        found.append(f"{relation(one.title) or relation(other.title)} beside the work")
    if one.edition and other.edition and one.edition != other.edition:
        found.append(f"editions differ ({one.edition} / {other.edition})")
    for name, label in (("doi", "DOIs"), ("pmid", "PubMed numbers")):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours and theirs and ours != theirs:
            found.append(f"{label} differ ({ours} / {theirs})")
    if not identified or one.generic:
        found += _other_place(one, other)
    return found


def _other_place(one: Report, other: Report) -> list[str]:
    """List journals, volumes and pages that differ."""
    found = []
    if _same_place(one, other) is False:
        found.append(f"journals differ ({one.place} / {other.place})")
    for name, label in (("volume", "volumes"), ("first_page", "pages")):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours and theirs and ours != theirs:
            found.append(f"{label} differ ({ours} / {theirs})")
    return found


def _same_place(one: Report, other: Report) -> bool | None:
    """Say whether two reports appeared in one journal or, without journals, at one publisher; None where unknown."""
    if one.place and other.place:
        return _same_journal(one.place, other.place)
    neither = not one.place and not other.place
    return True if neither and one.publisher and one.publisher == other.publisher else None


def _same_journal(one: str, other: str) -> bool:
    """Say whether two journals are one, abbreviations allowed."""
    from rapidfuzz import fuzz

    if one == other or fuzz.ratio(one, other) >= PLACE_ALIKE:
        return True
    small = {"of", "the", "and", "for", "in", "on", "de", "der", "und", "la", "et", "a", "an"}
    words = [[word for word in name.split() if word not in small] for name in (one, other)]
    short, long = sorted(words, key=lambda names: len("".join(names)))
    if len(short) == len(long) and all(b.startswith(a) or a.startswith(b) for a, b in zip(short, long, strict=True)):
        return True
    if len(short) == 1 and short[0] in ("".join(word[0] for word in long), *_explained(long)):
        return True
    # "care" within "care london": a place of publication, or the series behind the journal.
    return (len(short) > 1 and long[: len(short)] == short) or _initial_letters(short, long)


def _explained(words: list[str]) -> list[str]:
    """Return the short form that begins a journal's name where the rest explains it (``jama journal of the ...``)."""
    return words[:1] if len(words) > 2 and words[0] == "".join(word[0] for word in words[1:]) else []


def _initial_letters(short: list[str], long: list[str]) -> bool:
    """Say whether each short word begins one of the long words, in order (``br j healthc manag``)."""
    place = 0
    for word in short:
        while place < len(long) and not long[place].startswith(word):
            place += 1
        if place == len(long):
            return False
        place += 1
    return len(short) > 1


def _versions(one: Report, other: Report) -> bool:
    """Say whether the reports are a preprint and an article, or two versions under one DOI."""
    if one.doi and other.doi and one.doi != other.doi and without_version(one.doi) == without_version(other.doi):
        return True
    return one.preprint != other.preprint or one.thesis != other.thesis


def _version_words(one: Report, other: Report) -> str:
    """Say which versions they are."""
    if one.preprint != other.preprint:
        return "a preprint and what it became"
    if one.thesis != other.thesis:
        return "a thesis and another publication"
    return f"{one.doi} / {other.doi}"


def _with_identifier(
    one: Report, other: Report, titles: TitleComparison, authors: bool | None, against: list[str], shared: list[str]
) -> MatchVerdict:
    """Judge reports that share a DOI or a PubMed number."""
    named = " and ".join({"doi": "DOI", "pmid": "PubMed number"}[name] for name in shared)
    begun = bool(authors) and not any(titles.numbers) and _begins(one, other)
    generic = one.generic or other.generic
    sure = titles.kind in ("", SAME, SPELLING) or begun or (titles.kind == SHORTENED and not generic)
    doubts = [text for text in against if not (begun and text.startswith(("titles", "words")))]
    if sure and not doubts and not (generic and titles.kind and authors is None):
        return MatchVerdict(JOIN, named, strength=5 if titles.kind else 4)
    short = "titles differ by their subtitle" if titles.kind == SHORTENED else "the title is too short to tell"
    return MatchVerdict(ASK, named, f"one {named}, but {'; '.join(doubts or [short])}", against=bool(doubts))


def _begins(one: Report, other: Report) -> bool:
    """Say whether one title goes on where the other, long enough to tell a work, ends."""
    short, long = sorted((one, other), key=lambda report: len(report.title))
    return short.words >= LONG_TITLE and long.title.startswith(short.title + " ")


def _with_title(
    one: Report, other: Report, titles: TitleComparison, authors: bool | None, against: list[str]
) -> MatchVerdict:
    """Judge reports whose titles are the same, but for spelling, and that share no identifier."""
    how = "title" if titles.kind == SAME else "title but for spelling"
    if against:
        clearly = one.generic and authors is False
        return MatchVerdict(APART if clearly else ASK, how, f"the same {how}, but {'; '.join(against)}", against=True)
    same_year = bool(one.year and one.year == other.year)
    printed = bool(one.first_page and one.first_page == other.first_page and one.volume == other.volume != "")
    place = _same_place(one, other)
    if one.generic or other.generic:
        if authors and same_year and place and (printed or not is_section(one.title)):
            return MatchVerdict(JOIN, f"{how}, author, year and place", strength=2)
        return MatchVerdict(ASK, how, "a title that several works may have: " + _missing(authors, same_year, place))
    if printed and place is not False and authors is not False:
        return MatchVerdict(JOIN, f"{how}, volume and page", strength=3)
    if authors and same_year and one.words >= LONG_TITLE - 1:
        return MatchVerdict(JOIN, f"{how}, author and year", strength=4 if _copies(one, other) else 3)
    if authors and one.words >= LONG_TITLE and not (one.year and other.year):
        return MatchVerdict(JOIN, f"{how} and author", strength=2)
    if authors and one.words >= LONG_TITLE and not (one.serial or other.serial):
        return MatchVerdict(JOIN, f"{how} and author, years next to each other", strength=2)
    if authors is None and same_year and one.words >= LONGER_TITLE and not _incomparable(one, other):
        return MatchVerdict(JOIN, f"{how} and year", strength=1)
    return MatchVerdict(ASK, how, f"the same {how}, but {_missing(authors, same_year, place)}")


def _copies(one: Report, other: Report) -> bool:
    """Say whether nothing tells the reports apart, so that they are one whatever else they may be."""
    return (one.title, one.doi, one.pmid, one.place) == (other.title, other.doi, other.pmid, other.place)


def _incomparable(one: Report, other: Report) -> bool:
    """Say whether both reports name authors, which cannot be compared; or a title so usual that years repeat it."""
    return bool(one.authors and other.authors) or bool(SERIAL.search(one.title))


def _missing(authors: bool | None, same_year: bool, place: bool | None) -> str:
    """Say what would make it certain."""
    lacking = [] if authors else ["author"]
    lacking += [] if same_year else ["year"]
    lacking += [] if place else ["journal"]
    return f"{', '.join(lacking)} not known to be the same" if lacking else "volume and page are not known"


def _with_likeness(
    one: Report, other: Report, titles: TitleComparison, authors: bool | None, against: list[str]
) -> MatchVerdict:
    """Judge reports whose titles are alike only, or differ altogether."""
    printed = bool(one.first_page and one.first_page == other.first_page and one.volume and one.volume == other.volume)
    place, same_year = _same_place(one, other), bool(one.year and one.year == other.year)
    if titles.kind == SHORTENED and printed and place and not against:
        return MatchVerdict(JOIN, "title without its subtitle, journal, volume and page", strength=3)
    if titles.kind in ("", DIFFERENT):
        if printed and place and same_year and authors is not False and len(one.first_page) > 1:
            return MatchVerdict(
                ASK, "place", "one place in one journal, but titles differ: a translated title?", against=True
            )
        return MatchVerdict(APART, against=bool(titles.kind))
    identified_apart = any(text.startswith(("DOIs", "PubMed")) for text in against)
    if authors is False or (identified_apart and titles.kind == SIMILAR):
        return MatchVerdict(APART, against=True)
    if titles.kind == SHORTENED:
        reasons = against or ["one title lacks the other's subtitle"]
        return MatchVerdict(ASK, "title", "; ".join(reasons), against=bool(against))
    series = any(titles.numbers) and not any(titles.differing)
    far = abs(one.year - other.year) > 1 if one.year and other.year else False
    if (far or authors is None) and not series and not _nearly(one, other):
        return MatchVerdict(APART, against=True)
    return MatchVerdict(
        ASK, "likeness", "titles alike, but " + "; ".join(against or ["words stand in another order"]), against=True
    )


def _nearly(one: Report, other: Report) -> bool:
    """Say whether titles are so alike that they are worth a look without author or year."""
    from rapidfuzz import fuzz

    return bool(fuzz.ratio(one.title, other.title) >= 88)


def _beside(pair: tuple[str, str]) -> str:
    """Write two texts beside each other."""
    return " / ".join(text or "none" for text in pair)


def _first(authors: str) -> str:
    """Return the first author as written."""
    return authors.split(SEPARATOR)[0]
