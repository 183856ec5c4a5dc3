"""Readers of reference exports: a file is recognised by what it holds, whatever its name ends in."""

from __future__ import annotations

from compendium.review.readers.entries import FIELDS, Entry, Parsed
from compendium.review.readers.recognition import read_references

__all__ = ["FIELDS", "Entry", "Parsed", "read_references"]
