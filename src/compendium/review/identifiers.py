"""Identifiers of publications: a DOI in every form in which exports write it, and what marks versions of one work."""

from __future__ import annotations

import re
from urllib.parse import unquote

DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"'<>|,;]+")
# What publishers' pages put behind a DOI.
PAGES = re.compile(
    r"(?:/(?:abstract|abs|full|fulltext|full-text|full/html|html|pdf|pdfft|epdf|epub|meta|summary|references|citations|"
    r"supplementary-material|tab-[\w-]+|issuetoc|media|figures?)|\.(?:pdf|html?|full|short|abstract|long|full\.pdf|full-text))+$"
)
VERSION = re.compile(r"(?:\.?v\d{1,2}|/v\d{1,2}|(?<=\d\.)\d)$")
# Registrants of preprint servers.
PREPRINTS = re.compile(
    r"10\.(?:1101|21203|31234|31235|31219|2139|48550|20944|26434|36227|64898|22541|35542|31222|31223|12688|2196/preprints)/"
)
VERSIONED = re.compile(r"10\.(?:12688|21203|1101|26434|20944|48550|36227|64898|3310|21956|35241|17605)/")
PREPRINT_PLACES = re.compile(
    r"(?i)\b(?:medrxiv|biorxiv|arxiv|psyarxiv|socarxiv|ssrn|research square|preprints?(?:\.org)?|osf)\b"
)


def normalise_doi(text: str) -> str:
    """Return a DOI without resolver, prefix or the page of its publisher, in lower case; nothing when it is not one.

    Examples
    --------
    >>> normalise_doi("https://www.frontiersin.org/articles/10.3389/fpubh.2020.00001/full")
    '10.3389/fpubh.2020.00001'
    >>> normalise_doi("doi:10.1016/S0140-6736(20)30183-5.")
    '10.1016/s0140-6736(20)30183-5'
    """
    if "10." not in text:
        return ""
    plain = re.sub(r"[\u2010-\u2015\u2212\ufe63\uff0d]", "-", unquote(text).lower())
    found = DOI.search(re.sub(r"(?<=\d)\s*/\s+(?=\S)|(?<=\d)\s+/\s*(?=\S)", "/", plain))
    if found is None:
        return ""
    doi = re.split(r"[?#]", found[0])[0]
    while True:
        shorter = PAGES.sub("", doi.rstrip(".:/*"))
        if shorter.endswith((")", "]", "}")) and shorter.count(shorter[-1]) > shorter.count(
            "([{"[")]}".index(shorter[-1])]
        ):
            shorter = shorter[:-1]
        if shorter == doi:
            return doi
        doi = shorter


def without_version(doi: str) -> str:
    """Return a DOI without the number of its version, where its registrant numbers versions."""
    return VERSION.sub("", doi).rstrip(".") if VERSIONED.match(doi) else doi


def is_preprint(doi: str, place: str, kind: str = "") -> bool:
    """Say whether a report is a preprint, by its DOI, the place where it appeared, or its type."""
    return bool(PREPRINTS.match(doi) or PREPRINT_PLACES.search(place) or "preprint" in kind.lower())


def normalise_pmid(text: str) -> str:
    """Return the digits of a PubMed number; nothing when there are none."""
    found = re.search(r"\d{1,9}", text)
    return found[0].lstrip("0") if found else ""
