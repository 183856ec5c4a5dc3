"""What can be wrong with a page, said so that its author can mend it."""

from __future__ import annotations


class BookError(Exception):
    """A page, a saved result or the built book is not as it must be."""
