"""Titles that people type fit the properties of a document, however long they are and whatever signs they hold."""

from __future__ import annotations

import docx
from hypothesis import given
from hypothesis import strategies as st

from compendium.disclosure.text import LONGEST_PROPERTY, document_property


@given(st.text(max_size=600))
def test_word_takes_any_title_as_a_property(text: str) -> None:
    shown = document_property(text)
    docx.Document().core_properties.title = shown
    assert len(shown) <= LONGEST_PROPERTY


def test_a_title_that_fits_stays_as_it_is_and_a_longer_one_ends_with_a_mark() -> None:
    assert document_property("Årsta & co: a re-run") == "Årsta & co: a re-run"
    assert document_property("word " * 100).endswith("…")
