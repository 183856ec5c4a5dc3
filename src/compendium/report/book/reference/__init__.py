"""The functions behind the results, read from their sources: what each says of itself, its code, the tests of it."""

from __future__ import annotations

from compendium.report.book.reference.inventory import Inventory, PublicEntry
from compendium.report.book.reference.pages import Reference, index_of, link_to_test, raw_html, raw_page, read_reference

__all__ = [
    "Inventory",
    "PublicEntry",
    "Reference",
    "index_of",
    "link_to_test",
    "raw_html",
    "raw_page",
    "read_reference",
]
