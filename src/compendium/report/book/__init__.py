"""The book: pages of ``book/`` filled from saved results and built into one folder that opens from disk."""

from __future__ import annotations

from compendium.report.book.builder import build
from compendium.report.book.faults import BookError

__all__ = ["BookError", "build"]
