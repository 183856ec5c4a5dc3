"""Titles in any script: brought to one form, and compared word by word so that what differs can be named."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from compendium.review.vocabulary import (
    ARTICLES,
    HAN_NUMBERS,
    NEGLECTED,
    NUMBERS,
    PARTS,
    PLAIN,
    SECTIONS,
    SHORT_PARTS,
    SMALL_WORDS,
)

SAME, SPELLING, SHORTENED, SIMILAR, DIFFERENT = "same", "spelling", "shortened", "similar", "different"
# Titles less alike than this are of different works; in between, the words that differ decide.
ALIKE = 72.0
LONG_WORD, MEDIUM_WORD = 5, 4
MARKUP = re.compile(r"</?(?:[ibu]|su[bp]|em|strong|span|jats:[a-z]+|scp|italic|bold)(?:\s[^>]*)?>", re.IGNORECASE)
APOSTROPHES = re.compile(r"(?<=\w)['\u2018\u2019\u02bc`\u00b4](?=\w)")
# A sign that names another edition or group, as in "SCIROCCO+".
PLUS = re.compile(r"(?<=\w)\+(?!\w)")
ENDS = re.compile(r"\s*[:.?!;\u2013\u2014\uff1a\u3002]\s*|\s+-\s+|\.{3}|\u2026")
ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
RELATED = (
    ("a correction", re.compile(r"\b(?:erratum|corrigendum|correction|errata|retract(?:ion|ed)|withdrawn|addendum|"
                                r"berichtigung|expression of concern)\b")),
    ("a comment", re.compile(r"^(?:comments?|commentary|reply|re|response|letter|kommentar|respuesta) "
                             r"(?:on|to|by|from|zu|a) |\bauthors? (?:reply|response)\b")),
    ("a protocol", re.compile(r"\b(?:study protocol|protocol|studienprotokoll|protocole|protocolo)\b")),
    ("a draft", re.compile(r"\b(?:consultation draft|draft version|working draft|draft for consultation)\b|\bdraft$")),
    ("a summary", re.compile(r"\b(?:executive|plain language|lay|short) summary\b|\beasy read\b|\bkurzfassung\b")),
    ("an appendix", re.compile(r"\b(?:appendix|appendices|annex|supplementary material|supplement)\b")),
    ("an abstract", re.compile(r"\b(?:conference abstract|poster|meeting abstract)\b")),
)  # fmt: skip
# What makes a title that of a notice about a work: words before it, and the work's place behind it in brackets.
NOTICE = re.compile(
    r"^(?:(?:author|publisher)s? )?(?:erratum|errata|corrigendum|correction|retraction|retracted|withdrawn|addendum|"
    r"expression of concern|berichtigung)(?: (?:note|notice|article))?(?: (?:to|for|of|zu))? (?=.)"
)
PLACE_BEHIND = re.compile(r"\s*[\[(][^\[\]]*\d{4}[^\[\]]*[\])]\s*\.?\s*$")


@dataclass(frozen=True)
class TitleComparison:
    """How two titles compare.

    Attributes
    ----------
    kind
        ``same`` (letters and digits alike), ``spelling`` (typing errors, spellings and spaces only), ``shortened`` (one
        lacks the subtitle), ``similar`` or ``different``.
    differing
        The words that differ, title by title, when ``similar``.
    numbers
        The numbers and part marks that stand in one title only.
    """

    kind: str
    differing: tuple[str, str] = ("", "")
    numbers: tuple[str, str] = ("", "")


@lru_cache(maxsize=1 << 14)
def _space_unless_letter(sign: str) -> str:
    """Return letters, their marks and digits; a space for all else."""
    return sign if unicodedata.category(sign)[0] in "LMN" else " "


def normalise_title(title: str) -> str:
    """Return a title case-folded (NFKC), without accents over letters, markup and punctuation; one space between words.

    Every script stays what it is.

    Examples
    --------
    >>> normalise_title("Caf&eacute; &amp; <i>Care</i>: the patient's view.")
    'cafe and care the patients view'
    >>> normalise_title("Ολοκληρωμένη φροντίδα") == normalise_title("ΟΛΟΚΛΗΡΩΜΕΝΗ ΦΡΟΝΤΙΔΑ")
    True
    """
    if title.isascii():
        return _plain_ascii(title)
    marked = MARKUP.sub("", html.unescape(title))
    folded = unicodedata.normalize(
        "NFKD", PLUS.sub(" plus ", APOSTROPHES.sub("", marked)).replace("&", " and ").casefold().translate(PLAIN)
    )
    plain = unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f\u00ad\u200b-\u200f\ufeff]", "", folded))
    return " ".join("".join(map(_space_unless_letter, plain)).split())


def _plain_ascii(title: str) -> str:
    """Return the same for a title in ASCII, without looking at every sign."""
    if "&" in title and ";" in title:
        title = html.unescape(title)
        if not title.isascii():
            return normalise_title(title)
    if "<" in title:
        title = MARKUP.sub("", title)
    if "'" in title or "`" in title:
        title = APOSTROPHES.sub("", title)
    if "+" in title:
        title = PLUS.sub(" plus ", title)
    return re.sub(r"[^a-z0-9]+", " ", title.replace("&", " and ").lower()).strip()


def words_of(title: str) -> int:
    """Count the words of a normalised title; two signs of a script without spaces count as one word."""
    return sum(max(1, len(word) // 2) if _unspaced(word) else 1 for word in title.split())


def is_section(title: str) -> bool:
    """Say whether a normalised title is that of a section, such as ``editorial`` or ``introduction``."""
    words = title.split()
    return len(words) <= 6 and all(word in SECTIONS or word in NEGLECTED or word.isdigit() for word in words)


def relation(title: str) -> str:
    """Return what a normalised title says of its work: a correction, a comment, a protocol; nothing otherwise."""
    return next((name for name, words in RELATED if words.search(title)), "")


def subject(title: str, normalised: str) -> str:
    """Return the normalised title of the work that a notice is about; of any other work, its own.

    Parameters
    ----------
    title, normalised
        The title as given, and as :func:`normalise_title` returns it.

    Examples
    --------
    >>> given = "Corrigendum to 'Care at home' [Journal of Care 27 (2019) 33]"
    >>> subject(given, normalise_title(given))
    'care at home'
    """
    if not NOTICE.match(normalised):
        return normalised
    return NOTICE.sub("", normalise_title(PLACE_BEHIND.sub("", title)))


def compare_titles(first: str, second: str, raw: tuple[str, str] = ("", "")) -> TitleComparison:
    """Compare two titles as :func:`normalise_title` returns them.

    Parameters
    ----------
    first, second
        Normalised titles.
    raw
        The titles as given, which show where a subtitle begins.

    Examples
    --------
    >>> compare_titles("integrated care of nurses", "integrated care of doctors").differing
    ('nurses', 'doctors')
    >>> compare_titles("teams part ii", "teams part 1").numbers
    ('2', '1')
    >>> compare_titles("coordinating care", "coordnating care").kind
    'spelling'
    """
    from rapidfuzz import fuzz

    if first == second:
        return TitleComparison(SAME)
    one, other = _canonical(first), _canonical(second)
    numbers = _numbers_apart(one, other)
    if not any(numbers) and "".join(one) == "".join(other):
        return TitleComparison(SAME)
    shortened = _shortened(one, other, raw)
    if fuzz.ratio(first, second) < ALIKE and fuzz.token_sort_ratio(first, second) < ALIKE and not shortened:
        return TitleComparison(DIFFERENT, numbers=numbers)
    if shortened:
        return TitleComparison(SHORTENED, numbers=numbers)
    differing, misspelt = _differences(one, other, " ".join(raw).lower() if all(raw) else f"{first} {second}")
    if any(numbers) or differing != ("", "") or misspelt > max(1, len(one) // 4):
        return TitleComparison(SIMILAR, differing, numbers)
    return TitleComparison(SPELLING)


def _canonical(title: str) -> list[str]:
    """Return the words of a title, with numbers after a part word as digits and years written out."""
    words = title.split()
    out: list[str] = []
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        last = place == len(words) - 1
        if word.isdecimal():
            number = str(int(word))
            short_year = len(word) == 2 and re.fullmatch(r"(?:19|20)\d\d", before)
            out.append(before[:2] + word if short_year else number)
        elif word in NUMBERS and (
            before in PARTS or (last and ROMAN.fullmatch(word)) or words[place + 1 : place + 2] in ([p] for p in PARTS)
        ):
            out.append(NUMBERS[word])
        elif word in SHORT_PARTS and _numbers(words[place + 1 : place + 2]):
            out.append(SHORT_PARTS[word])
        else:
            out.append(word)
    return out


def _numbers(words: list[str]) -> bool:
    """Say whether these words number something."""
    return any(word in NUMBERS or word[0].isdigit() for word in words)


def _numbers_apart(one: list[str], other: list[str]) -> tuple[str, str]:
    """Return the numbers and part marks of each title that the other lacks."""
    counts = [Counter(_marks(words)) for words in (one, other)]
    return " ".join(sorted((counts[0] - counts[1]).elements())), " ".join(sorted((counts[1] - counts[0]).elements()))


def _marks(words: list[str]) -> list[str]:
    """Return what numbers a work: words with digits, roman numerals, single letters after a part word, Han numerals."""
    found = []
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        numbered = any(sign.isdigit() for sign in word) or (len(word) == 1 and before in PARTS)
        roman = (
            len(word) > 1
            and ROMAN.fullmatch(word)
            and word not in ("mix", "mild", "dim", "mi", "di", "ci", "vi", "li", "il")
        )
        if numbered or roman or (word in NUMBERS and word.isalpha() and len(word) > 2):
            found.append(NUMBERS.get(word, word))
        elif _unspaced(word):
            found += [sign for sign in word if sign in HAN_NUMBERS or sign.isdigit()]
    return found


def _shortened(one: list[str], other: list[str], raw: tuple[str, str]) -> bool:
    """Say whether one title is the other without its subtitle, or cut off."""
    (short, _), (long, full) = sorted(((one, raw[0]), (other, raw[1])), key=lambda pair: len(pair[0]))
    if len(short) < 3 or len(short) == len(long) or long[: len(short)] != short:
        return False
    heads = [_canonical(normalise_title(full[: found.start()])) for found in ENDS.finditer(full)]
    return not full or short in heads or any(text.rstrip().endswith(("...", "\u2026")) for text in raw)


def _differences(one: list[str], other: list[str], text: str) -> tuple[tuple[str, str], int]:
    """Return the words that differ other than in spelling, and how many differ in spelling."""
    left: list[str] = []
    right: list[str] = []
    misspelt = 0
    for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        ours, theirs = one[i:j], other[k:m]
        one_way = "".join(map(_one_spelling, ours)) == "".join(map(_one_spelling, theirs))
        if tag == "equal" or one_way or (i == 0 and _article_only(ours, theirs)):
            continue
        if len(ours) == len(theirs) and all(_misspelt(*pair, text) for pair in zip(ours, theirs, strict=True)):
            misspelt += len(ours)
        elif ours and theirs and _misspelt("".join(ours), "".join(theirs), text):
            misspelt += 1
        else:
            left += [word for word in ours if not word.isdecimal()]
            right += [word for word in theirs if not word.isdecimal()]
    return (" ".join(left), " ".join(right)), misspelt


def _article_only(ours: list[str], theirs: list[str]) -> bool:
    """Say whether all that differs is an article at the beginning."""
    return not (ours and theirs) and all(word in ARTICLES for word in ours + theirs)


def _misspelt(one: str, other: str, text: str) -> bool:
    """Say whether two words are one but for a typing error.

    A typing error is one letter more, less, other or swapped, in a word of four letters or more, or five where the
    first letter differs; and a dictionary does not know both words: ``medication`` and ``meditation`` are two. In
    languages that inflect, the ends of the words have to agree.
    """
    from rapidfuzz.distance import OSA

    if _one_spelling(one) == _one_spelling(other):
        return True
    if not (one.isalpha() and other.isalpha()) or _unspaced(one) or len(max(one, other, key=len)) < MEDIUM_WORD:
        return False
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    starts_alike = one[0] == other[0] or one[:2] == other[1::-1]
    longer = max(one, other, key=len)
    if not starts_alike and (len(longer) < LONG_WORD or longer[0] == "a"):
        return False
    return not _both_known(one, other, text)


def _one_spelling(word: str) -> str:
    """Return a word in one of the spellings that English has."""
    plain = re.sub(r"is(?=e(?:[ds]|rs?)?$|ing$|ation|abl)", "iz", word)
    plain = re.sub(r"(?<=\w\w)our(?=$|s$|al|ed|ing|ist|hood|it)", "or", plain)
    plain = re.sub(r"(?<=\w\w)tre(?=s?$)", "ter", plain)
    plain = re.sub(r"ae(?!r)|oe(?=d|s|t)", "e", plain)
    return re.sub(r"ll(?=ed$|ing$)", "l", plain).replace("programme", "program")


def _both_known(one: str, other: str, text: str) -> bool:
    """Say whether neither word is a typing error: a dictionary of the title's language holds both, or inflects one."""
    from simplemma import is_known

    language = _language(text)
    if language != "en" and (one[-3:] != other[-3:] or not language):
        return True
    written = {normalise_title(word): word for word in re.findall(r"[^\W\d_]+", text)}
    words = [{word, written.get(word, word)} for word in (one, other)]
    return any(all(any(is_known(form, lang=name) for form in forms) for forms in words) for name in {"en", language})


def _language(text: str) -> str:
    """Return a title's language by its small words: English where none is found; nothing where none can be."""
    words = set(re.findall(r"[^\W\d_]+", text))
    counts = {language: len(words & small) for language, small in SMALL_WORDS.items()}
    likely = max(counts, key=lambda name: counts[name])
    if counts[likely]:
        return likely
    return "en" if text.isascii() else ""


def _unspaced(word: str) -> bool:
    """Say whether a word is in a script that puts no spaces between words."""
    return bool(re.search(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]", word))
