"""Pseudonyms of people: a keyed hash, so that a list of staff does not give them back."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import pandas as pd

PSEUDONYM_DIGITS = 8
PERSON, RATER = "P", "R"
SECRET = "pseudonym.key"
# Nobody is protected in a synthetic cohort, and its results are to be the same from every fresh clone.
PUBLISHED_KEY = b""


def new_secret(kind: str) -> bytes:
    """Return the secret of a cohort that keeps none."""
    return PUBLISHED_KEY if kind == "synthetic" else secrets.token_bytes(32)


def secret_of(kind: str, private: Path) -> bytes:
    """Return the secret of a cohort; made once, kept in its private folder where only its owner reads it.

    Real cohorts have a random one. As long as it is there, the same person has the same pseudonym; who loses it gets
    other pseudonyms, and results that rest on random draws differ within their Monte Carlo error. Synthetic cohorts,
    which hold nobody, use a published key.
    """
    if kind == "synthetic":
        return PUBLISHED_KEY
    path = private / SECRET
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as stream:
        stream.write(new_secret(kind))
    return path.read_bytes()


def pseudonyms_of(cohort: str, ids: pd.Series, letter: str, secret: bytes = PUBLISHED_KEY) -> pd.Series:
    """Return the pseudonym of each distinct id: a letter and the first digits of an HMAC-SHA-256.

    Eight hexadecimal digits, or as many more as it takes to tell all ids of the cohort apart. The same id of the
    same cohort and secret always gets the same pseudonym, and another one as person than as rater. Without the secret
    nobody can compute them from a list of ids. With the published key, the empty one, it is a plain SHA-256.
    """
    distinct = list(dict.fromkeys(ids))
    role = "" if letter == PERSON else f"{letter}:"
    digests = [_digest(f"{cohort}:{role}{name}".encode(), secret) for name in distinct]
    digits = PSEUDONYM_DIGITS
    while len({digest[:digits] for digest in digests}) < len(digests):
        digits += 1
    return pd.Series(
        [letter + digest[:digits] for digest in digests], index=pd.Index(distinct, dtype=object), dtype=object
    )


def _digest(message: bytes, secret: bytes) -> str:
    """Return the keyed hash of a message."""
    keyed = hmac.new(secret, message, hashlib.sha256) if secret else hashlib.sha256(message)
    return keyed.hexdigest()
