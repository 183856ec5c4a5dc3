"""Every kind of finding has a message, every message is used, and no code reads a sentence back."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.findings import Finding, decode, encode, finding_columns, found, is_encoded, of_reason
from compendium.paths import PROJECT
from compendium.steps.item_analysis.decisions import KINDS
from compendium.steps.outcome_associations.claims import COUNT_KINDS, VERDICT_KINDS
from compendium.wording import LANGUAGES, kinds, running_text, sentence, sentences, shown
from compendium.wording.sentences import WordingError
from psychometrics.selection import REASON_KINDS, Reason

SOURCES = sorted((PROJECT / "src" / "compendium").rglob("*.py"))
OUTSIDE = [path for path in SOURCES if "wording" not in path.parts]
STEPS = [path for path in SOURCES if "steps" in path.parts]
# Messages that the wording itself asks for, and those whose kinds are put together from a name.
OF_THE_WORDING = {"number_words", "and_more", "as_word"}
PUT_TOGETHER = {
    *REASON_KINDS,
    *(f"about_{kind}" for kind in KINDS),
    *VERDICT_KINDS.values(),
    *COUNT_KINDS.values(),
    *(f"constraint_{kind}" for kind in ("size", "scale_minimum", "scale_maximum", "redundant_pair")),
}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts_in(node: ast.AST) -> Iterator[str]:
    """Yield the texts that a node may stand for: none of an f-string, of a key or of the arguments of a call."""
    if isinstance(node, (ast.JoinedStr, ast.Subscript, ast.Call)):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts_in(child)


def kinds_made() -> set[str]:
    """Return every kind that the code makes a finding of, written out or chosen between two."""
    making = [path for path in OUTSIDE if "compendium.findings import" in path.read_text(encoding="utf-8")]
    nodes = [node for path in making for node in ast.walk(tree_of(path))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    made = {text for call in calls if called(call) in ("found", "Finding", "Reason") for text in texts_in(call.args[0])}
    for node in nodes:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "kind" for target in node.targets):
            made |= set(texts_in(node.value))
    return made


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_finding_has_a_message_in_every_language(language: str) -> None:
    questions = {f"question_{each}" for each in ("proper", "fit", "one_factor", "distinct", "dimensions", "sorted",
                                                 "loads", "stays", "reliable", "specific")}  # fmt: skip
    wanted = {kind for kind in kinds_made() if kind.isidentifier()} | PUT_TOGETHER | questions
    assert sorted(wanted - kinds(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_left_that_nothing_asks_for(language: str) -> None:
    used = kinds_made() | PUT_TOGETHER | OF_THE_WORDING
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    unused = {kind for kind in kinds(language) - used if f'"{kind}"' not in source and "question_" not in kind}
    assert sorted(unused) == []


def test_steps_make_no_sentences() -> None:
    importing = [
        str(path.relative_to(PROJECT))
        for path in STEPS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("compendium.report")
    ]
    assert importing == []


def reads_a_sentence(node: ast.AST) -> bool:
    """Say whether an expression looks for words in a text, or takes a list of sentences apart."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        left = node.left
        return isinstance(left, ast.Constant) and isinstance(left.value, str) and " " in left.value.strip()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        words = [text for argument in node.args for text in texts_in(argument)]
        if node.func.attr == "contains":
            return bool(words)
        if node.func.attr in ("split", "partition", "rpartition"):
            return "; " in words
        return node.func.attr in ("startswith", "endswith") and any(" " in text.strip() for text in words)
    return False


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PROJECT / "src" / "compendium")))
def test_nothing_reads_a_sentence_back(path: Path) -> None:
    found_at = [node.lineno for node in ast.walk(tree_of(path)) if reads_a_sentence(node) and hasattr(node, "lineno")]
    assert found_at == []


# Findings as data

facts = st.one_of(
    st.text(max_size=12), st.integers(-9, 10**6), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.none(), st.lists(st.text(max_size=6), max_size=4).map(tuple),
)  # fmt: skip
names = st.sampled_from(["value", "limit", "other", "upper", "n"])
findings = st.builds(Finding, st.sampled_from(["proper", "gate_open"]), st.dictionaries(names, facts, max_size=4))


@given(st.lists(findings, min_size=1, max_size=3))
def test_findings_come_out_of_a_table_as_they_went_in(many: list[Finding]) -> None:
    assert decode(encode(many)) == tuple(many)
    assert decode(many[0].encoded) == (many[0],)


@given(st.text())
def test_text_that_is_no_finding_is_shown_as_it_is(text: str) -> None:
    if not is_encoded(text):
        assert shown(text) == text


def test_what_is_not_a_number_is_null_and_shown_as_a_dash() -> None:
    finding = found("omega_low", value=math.nan, other="listen")
    assert decode(finding.encoded)[0]["value"] is None
    assert sentence(finding) == "categorical omega falls to – (listen)"


def test_a_reason_of_the_statistics_becomes_a_finding() -> None:
    finding = of_reason(Reason("redundant", 0.95, 0.9, ("b",), details={"item_rest": 0.4}))
    assert finding == found("redundant", value=0.95, limit=0.9, other=("b",), item_rest=0.4)
    assert sentence(finding).startswith("inter-item correlation 0.95 with b, above 0.90")


def test_columns_for_machines_stand_beside_the_finding() -> None:
    table = finding_columns(
        [found("omega_low", value=0.6, limit=0.7, other="a"), found("loadings_weak", other=("x", "y"))]
    )
    assert table["kind"].tolist() == ["omega_low", "loadings_weak"]
    assert table["other"].tolist() == ["a", "x;y"]
    assert decode(table["finding"][1])[0]["other"] == ("x", "y")


# English


@pytest.mark.parametrize(
    ("n", "words"),
    [(1, "one item would load on a second factor (a)"), (2, "two items would load on a second factor (a and b)"),
     (8, "eight items would load on a second factor (a, b, c, d, e, f and 2 more)")],
)  # fmt: skip
def test_one_and_many_and_long_lists(n: int, words: str) -> None:
    assert sentence(found("items_cross", other=list("abcdefghij")[:n])) == words


def test_names_are_shown_as_their_labels() -> None:
    finding = found("factors_alike", value=0.92, other=("listen", "share"))
    assert sentence(finding, {"listen": "Listening", "share": "Sharing"}).startswith(
        "Listening and Sharing correlate 0.92"
    )


def test_choices_exclude_each_other() -> None:
    assert "nine or ten dimensions rather than eight" in sentence(
        found("dimensions_differ", value=9, limit=8, either=(9, 10))
    )


def test_p_values_carry_their_sign() -> None:
    assert [sentence(found("one_factor_worse", value=p))[24:32] for p in (0.0001, 0.032)] == [" < .001)", " = .032)"]


def test_findings_one_behind_the_other() -> None:
    both = [found("choice_too_few", limit=5), found("choice_scale_short", other="a", limit=4)]
    assert sentences([found("unanswered"), found("constant")], between=" | ").count(" | ") == 1
    assert running_text(encode(both)).endswith("taken. a has fewer than 4 items left.")


def test_a_kind_without_a_message_or_a_missing_fact_is_refused() -> None:
    with pytest.raises(WordingError, match="no message for the kind 'unheard_of'"):
        sentence(found("unheard_of"))
    with pytest.raises(WordingError, match="gate_closed"):
        sentence(found("gate_closed", n=5))


def test_a_sentence_is_followed_by_a_space_and_a_phrase_by_what_is_given() -> None:
    said = sentences((found("cohort_small", other="north", limit=100), found("cohorts_few")))
    assert ".;" not in said and said.count(". ") == 1
