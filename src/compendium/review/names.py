"""Names of authors: one parser for every way in which an export writes them, and the question whether two are one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from compendium.review.vocabulary import LINKS, PARTICLES, PLAIN, SUFFIXES

SEPARATOR = "; "
ET_AL = re.compile(r"[\s,;]*\b(?:et\s+al\.?|and\s+others|u\.\s?a\.|и\s+др\.)\s*$", re.IGNORECASE)
# Words that stand in names of bodies and in hardly any person's.
BODIES = re.compile(
    r"(?i)\b(?:"
    r"academ|agenc|alliance|associa|audit office|authorit|board|bundes|bureau|cent(?:er|re)\b|centro|"
    r"coalition|collabora|colleg|comisi|comite|comité|commission|committee|commonwealth|confedera|"
    r"consort|council|department|dept|employers|executive|federa|forschung|forum|foundation|fund\b|"
    r"fundaci|gesellschaft|government|group\b|gruppe|health|hospital|initiative|institu|instytut|"
    r"ligue|minist|network|nhs|nice\b|observator|office|organi[sz]a|panel|partnership|program|project|"
    r"royal|school|servic|skills for|sociedad|société|society|task ?force|team\b|trust\b|union\b|"
    r"universi|verband|verein|who\b|working"
    r")"
)
# One or more initials: "J", "J.", "J.A.", "JA", "J-P", "J. A."
INITIALS = re.compile(r"(?:[^\W\d_]\.?[-\s]?){1,4}\.?")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
LONG_FAMILY = 5


@dataclass(frozen=True)
class Name:
    """An author: family name (a body's whole name), given names or initials, and whether it is a body.

    Examples
    --------
    >>> parse_name("van der Berg, J.")
    Name(family='van der Berg', given='J.', body=False)
    >>> parse_name("Smith JA") == parse_name("Smith, JA") == Name("Smith", "JA")
    True
    >>> parse_name("{Department of Health and Social Care}").body
    True
    """

    family: str
    given: str = ""
    body: bool = False


@lru_cache(maxsize=100_000)
def parse_name(text: str) -> Name:
    """Read one name: ``Smith, John``, ``John Smith``, ``Smith J``, ``van der Berg, J.``, or a body.

    Parameters
    ----------
    text
        One name as an export writes it. Braces around the whole mark a body.

    Returns
    -------
    Name
        Letters as they were given; suffixes such as ``Jr`` are left out.
    """
    plain = " ".join(ET_AL.sub("", unicodedata.normalize("NFKC", text)).split()).strip(" ,;")
    if re.fullmatch(r"\{.*\}", plain):
        return Name(plain.strip("{} "), body=True)
    plain = plain.replace("{", "").replace("}", "")
    if is_body(plain):
        return Name(plain, body=True)
    parts = [part.strip() for part in plain.split(",") if part.strip()]
    parts = [part for part in parts if _bare(part) not in SUFFIXES] or parts
    if len(parts) > 1:
        return _with_particles(parts[0].split(), " ".join(parts[1:]).split())
    return _without_comma([word for word in parts[0].split() if _bare(word) not in SUFFIXES]) if parts else Name("")


def _without_comma(words: list[str]) -> Name:
    """Read a name whose order only initials, particles or the script can tell."""
    if len(words) < 2:
        return Name(" ".join(words))
    if _unspaced(words[0]):
        return Name(words[0], " ".join(words[1:]))
    behind = next((number for number, word in enumerate(words) if number > 1 and word in PARTICLES), len(words))
    if all(word in PARTICLES for word in words[behind:]) and behind < len(words):
        found = _without_comma(words[:behind])
        return Name(" ".join([*words[behind:], found.family]), found.given)
    first = next((number for number in range(1, len(words)) if _all_initials(words[number:])), 0)
    if first and not _all_initials(words[:first]):
        return Name(" ".join(words[:first]), " ".join(words[first:]))
    particle = next((n for n, word in enumerate(words[1:-1], 1) if word in PARTICLES), len(words) - 1)
    return Name(" ".join(words[particle:]), " ".join(words[:particle]))


def _with_particles(family: list[str], given: list[str]) -> Name:
    """Return an inverted name, with particles that stand behind the given names in front of the family name."""
    kept = len(given)
    while kept > 1 and given[kept - 1] in PARTICLES:
        kept -= 1
    return Name(" ".join([*given[kept:], *family]), " ".join(given[:kept]))


def is_body(text: str) -> bool:
    """Say whether a name is that of a body: it holds a word of bodies, or a small word that links others."""
    words = text.split()
    linked = any(word in LINKS for word in words[1:-1]) and "," not in text
    return bool(linked or (len(words) > 1 and BODIES.search(text)))


def _bare(word: str) -> str:
    """Return a word without full stops, in lower case."""
    return word.replace(".", "").lower()


def _all_initials(words: list[str]) -> bool:
    """Say whether every word is a run of capital initials, such as ``J.``, ``JA`` or ``J-P``."""
    return all(
        INITIALS.fullmatch(word) and word == word.upper() and len(re.sub(r"[\W_]", "", word)) <= 3 for word in words
    )


def _unspaced(word: str) -> bool:
    """Say whether a word is written in Han, Kana or Hangul, where the family name comes first."""
    return bool(re.match(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", word))


def split_names(text: str) -> list[str]:
    """Cut a text that may hold several names.

    Parameters
    ----------
    text
        Names separated by semicolons, line breaks, ``and``, ``&`` or commas, in any of the usual orders.

    Returns
    -------
    list of str
        One entry a name. Where a comma may stand inside a name or between two, a comma between a family name and what
        follows it is taken to stand inside.

    Examples
    --------
    >>> split_names("Smith J, Doe K")
    ['Smith J', 'Doe K']
    >>> split_names("Smith, J., & Doe, K.")
    ['Smith, J.', 'Doe, K.']
    >>> split_names("Department of Health and Social Care")
    ['Department of Health and Social Care']
    """
    plain = ET_AL.sub("", text).strip()
    for mark in (r"\s*[;\n]\s*", r"\s*\|\s*"):
        if re.search(mark, plain):
            return [name for part in re.split(mark, plain) for name in split_names(part)]
    if not plain:
        return []
    sides = [side.strip(" ,") for side in re.split(r"\s*,?\s+(?:and|AND|&)\s+", plain) if side.strip(" ,")]
    if len(sides) > 1 and _persons_on_all(sides):
        listed = "," not in sides[-1]
        return [name for side in sides for name in _by_commas(side, listed)]
    return _by_commas(plain, listed=False)


def _persons_on_all(sides: list[str]) -> bool:
    """Say whether what ``and`` separates are persons, or bodies of their own, and not one body."""
    whole = [side for side in sides if not BODIES.search(side)]
    if len(whole) < len(sides):
        return False
    return all("," in side or 1 < len(side.split()) <= 4 for side in sides)


def _by_commas(text: str, listed: bool) -> list[str]:
    """Cut at the commas that stand between names; ``listed``: the names are known not to be inverted."""
    if "," not in text or is_body(text):
        return [text]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    complete = [_ends_in_initials(part) or (listed and len(part.split()) > 1) for part in parts]
    if all(complete) and len(parts) > 1:
        return parts
    if len(parts) > 1 and all(map(_begins_with_initials, parts)):
        return parts
    if len(parts) > 2 and all(len(part.split()) > 1 for part in parts) and not any(map(_initials_only, parts)):
        return parts
    people = [part for part in parts if _bare(part) not in SUFFIXES]
    if len(people) > 2 and len(people) % 2 == 0 and _alternate(people):
        return [", ".join(pair) for pair in zip(people[::2], people[1::2], strict=True)]
    return [text]


def _begins_with_initials(part: str) -> bool:
    """Say whether a part is a whole name that begins with initials, such as ``JA Smith``."""
    words = part.split()
    return len(words) > 1 and _all_initials(words[:1]) and len(words[-1]) > 1 and not _all_initials(words[1:])


def _alternate(parts: list[str]) -> bool:
    """Say whether family and given names take turns."""
    given, family = parts[1::2], parts[::2]
    return all(map(_initials_only, given)) or (
        not any(map(_initials_only, family)) and all(len(part.split()) == 1 for part in family)
    )


def _initials_only(part: str) -> bool:
    """Say whether a part is nothing but initials."""
    return _all_initials(part.split())


def _ends_in_initials(part: str) -> bool:
    """Say whether a part is a family name followed by initials."""
    words = part.split()
    return len(words) > 1 and _all_initials(words[-1:]) and not _all_initials(words[:1])


def family_of(authors: str) -> str:
    """Return the folded family name of the first of several authors, words joined by hyphens."""
    first = authors.split(SEPARATOR.strip())[0]
    return "-".join(re.findall(r"[^\W_]+", fold(parse_name(first).family)))


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Return a text in lower case without accents; scripts stay what they are."""
    marks = unicodedata.normalize("NFKD", text.casefold().translate(PLAIN))
    return unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", marks))


def same_person(first: str, second: str) -> bool | None:
    """Say whether two names can belong to the same author.

    The same words in any order are one author. Family names agree when equal without accents, particles or a second
    part, or one letter apart; initials and given names must then not contradict each other.

    Parameters
    ----------
    first, second
        Single names as exports write them.

    Returns
    -------
    bool or None
        None where it cannot be said: a name is missing, in another script, or a person beside a body.

    Examples
    --------
    >>> same_person("Smith J.", "Smith, John"), same_person("Smith, J", "Smith, K"), same_person("", "Smith, J")
    (True, False, None)
    """
    if not first.strip() or not second.strip():
        return None
    ours, theirs = _words(first), _words(second)
    if sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs):
        return True
    one, other = parse_name(first), parse_name(second)
    if _script(one.family) != _script(other.family):
        return None
    if one.body or other.body:
        return _same_body(one, other)
    if not _same_family(one.family, other.family):
        return None if not (one.given and other.given) and _swapped(one, other) else False
    return not _contradict(one.given, other.given)


def _listed_words(names: list[str]) -> list[str]:
    """Return the words of a list of names, whatever stands between the names."""
    return [word for name in names for word in _words(name) if word not in ("and", "und", "et", "y")]


def _words(text: str) -> list[str]:
    """Return the folded words of a name."""
    return re.findall(r"[^\W_]+", fold(text))


def _script(text: str) -> str:
    """Return the script of the first letter, as the first word of its Unicode name."""
    letter = next((sign for sign in text if sign.isalpha()), "a")
    return unicodedata.name(letter, "LATIN").split()[0].split("-")[0]


def _same_family(first: str, second: str) -> bool:
    """Say whether two family names agree without accents, particles or a second part, or but for one letter."""
    from rapidfuzz.distance import OSA

    for table in ({}, UMLAUTS):
        one, other = (
            [word for word in _words(name.casefold().translate(table)) if word not in PARTICLES]
            for name in (first, second)
        )
        if one == other or (one and other and (one[-1:] == other[-1:] or one[:1] == other[:1])):
            return True
        joined, beside = "".join(one), "".join(other)
        if min(len(joined), len(beside)) >= LONG_FAMILY and OSA.distance(joined, beside, score_cutoff=1) <= 1:
            return True
    return False


def _swapped(one: Name, other: Name) -> bool:
    """Say whether a family name alone stands among the other's given names."""
    return bool({*_words(one.family)} & {*_words(other.given)} or {*_words(other.family)} & {*_words(one.given)})


def _contradict(first: str, second: str) -> bool:
    """Say whether given names differ: other initials, or other first names written out."""
    one, other = _given(first), _given(second)
    for left, right in zip(one, other, strict=False):
        if left[0] != right[0]:
            return True
        if len(left) > 2 and len(right) > 2 and not (left.startswith(right[:3]) or right.startswith(left[:3])):
            return True
    return False


def _given(text: str) -> list[str]:
    """Return given names word by word; a run of capitals gives one entry a letter."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text))
    out: list[str] = []
    for word in words:
        out += [fold(letter) for letter in word] if word == word.upper() and len(word) <= 3 else [fold(word)]
    return out


def _same_body(one: Name, other: Name) -> bool | None:
    """Say whether two bodies are one: nearly the same words, or one the initials of the other."""
    from rapidfuzz import fuzz

    if not (one.body and other.body):
        short, long = sorted((one.family, other.family), key=len)
        return True if _is_acronym(short, long) else None
    ours, theirs = (" ".join(_words_of_body(name.family)) for name in (one, other))
    if fuzz.token_sort_ratio(ours, theirs) >= 90:
        return True
    return _is_acronym(*sorted((one.family, other.family), key=len))


def _words_of_body(text: str) -> list[str]:
    """Return the folded words of a body, without apostrophes, an article, or its short form in brackets."""
    bare = re.sub(r"\s*\([A-Z]{2,8}\)", "", text)
    return [word for word in _words(re.sub(r"['\u2019]", "", bare)) if word != "the"]


def _is_acronym(short: str, long: str) -> bool:
    """Say whether a short form is made of the initials of a body's words: of all that have a capital, or some.

    ``NICE`` is the National Institute for Health and Care Excellence: three letters or more, the first and the last
    word among them, in their order.
    """
    letters = re.sub(r"\W", "", short).lower()
    long = re.sub(r"\s*\([A-Z]{2,8}\)", "", long)
    initials = "".join(word[0].lower() for word in re.findall(r"\w+", long) if word[0].isupper())
    if letters == initials or len(letters) < 3 or not initials:
        return letters == initials
    rest = iter(initials)
    return letters[0] == initials[0] and letters[-1] == initials[-1] and all(letter in rest for letter in letters)


def same_authors(first: str, second: str) -> bool | None:
    """Compare two lists of authors, each separated by ``"; "``.

    Returns
    -------
    bool or None
        True where the first authors can be one, or half of the shorter list stands in the other; None where either
        is unknown or cannot be compared.
    """
    ones = [name for name in first.split(SEPARATOR) if ET_AL.sub("", name).strip()]
    others = [name for name in second.split(SEPARATOR) if ET_AL.sub("", name).strip()]
    if not ones or not others:
        return None
    if len(ones) != len(others) and _listed_words(ones) == _listed_words(others):
        return True
    verdict = same_person(ones[0], others[0])
    if verdict or min(len(ones), len(others)) < 2:
        return verdict
    shorter, longer = sorted((ones, others), key=len)
    found = sum(any(same_person(name, beside) for beside in longer) for name in shorter)
    return True if found > len(shorter) / 2 else verdict
