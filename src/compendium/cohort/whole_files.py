"""Faults that only a whole file shows: shifted codes, a turned form, names that differ by case or spaces only.

Every finding names its likely cause. Findings of a kind that ``cohort.yaml`` declares under ``accepted`` are warnings;
an answer that nobody uses is never more than a warning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.cohort.layout import Form, Question
from compendium.cohort.one_cause import asked_later
from compendium.cohort.responses import Responses, not_applicable_here
from compendium.cohort.schema import ROW_NUMBER, CohortSettings, Kind
from compendium.columns import counted
from compendium.faults import Fault
from compendium.framework import Framework

# Fewer answers than these say nothing about a whole file.
FEWEST_ANSWERS, FEWEST_PAIRS = 200, 30
# A question with more answers than a questionnaire offers asks for an amount, some of which nobody gives.
MOST_ANSWERS = 11
# The end of a scale that another form gives this share of answers is no rare answer.
COMMON = 0.05
Z_95 = 1.959963984540054
# Zeros before a number, as spreadsheets take them away.
ZEROS = r"(?<!\d)0+(?=\d)"
NULL = "\0"


@dataclass(frozen=True)
class FileFault:
    """A fault of a whole file, and of which kind it is."""

    kind: Kind
    fault: Fault


def spelling_keys(texts: Sequence[str]) -> list[str]:
    """Return each text without what the eye does not tell apart: case, spaces, line breaks, Unicode forms."""
    # All at once, since there may be a million ids: no sign joins with another across a null.
    joined = unicodedata.normalize("NFKC", NULL.join(text.replace(NULL, " ") for text in texts)).casefold()
    spaced = re.sub(f" ?{NULL} ?", NULL, re.sub(r"\s+", " ", joined)).strip(" ")
    return spaced.split(NULL) if texts else []


def id_keys(texts: Sequence[str]) -> list[str]:
    """Return each id without what a program changes on its way: case, spaces, Unicode forms, zeros in front."""
    return re.sub(ZEROS, "", NULL.join(spelling_keys(texts))).split(NULL) if texts else []


def variants(texts: Iterable[str]) -> list[list[str]]:
    """Return texts that are the same to the eye and not to the computer, each set in order of appearance."""
    different = list(dict.fromkeys(texts))
    keys = spelling_keys(different)
    if len(set(keys)) == len(keys):
        return []
    sets: dict[str, list[str]] = {}
    for key, text in zip(keys, different, strict=True):
        sets.setdefault(key, []).append(text)
    return [same for same in sets.values() if len(same) > 1]


def shifted_questions(responses: Responses, not_applicable: list[int]) -> dict[int, list[Question]]:
    """Return, by how far they are shifted, the questions whose codes as a whole lie one below or one above the scale.

    Questions with the same ends are looked at together. They are shifted when nobody gives the code at one end, and
    nearly every code outside the scale is the one next to the other end.
    """
    found: dict[int, list[Question]] = {}
    for questions in _by_range(responses.questions):
        low, high = questions[0].minimum, questions[0].maximum
        counts = _counts(responses, questions)
        outside = counts.drop([str(code) for code in range(low, high + 1)], errors="ignore")
        for shift, beyond, end in ((-1, low - 1, high), (1, high + 1, low)):
            found_beyond = int(counts.get(str(beyond), 0))
            strays = outside.sum() - _declared(outside, questions[0], not_applicable) - found_beyond
            if found_beyond and str(end) not in counts.index and strays <= 0.1 * found_beyond:
                found.setdefault(shift, []).extend(questions)
    return found


def _counts(responses: Responses, questions: Iterable[Question]) -> pd.Series:
    """Count the cells of some questions by their text."""
    counts = pd.Series(dtype="int64")
    for question in questions:
        counts = counts.add(counted(responses.cells[question.column]), fill_value=0)
    return counts


def _declared(outside: pd.Series, question: Question, not_applicable: list[int]) -> int:
    """Count cells outside the scale that mean not applicable."""
    return int(outside.reindex(not_applicable_here(question, not_applicable)).fillna(0).sum())


def _by_range(questions: Iterable[Question]) -> list[list[Question]]:
    """Return the questions that share a scale's ends, competency items and outcomes apart."""
    sets: dict[tuple[int, int, bool], list[Question]] = {}
    for question in questions:
        sets.setdefault((question.minimum, question.maximum, question.outcome), []).append(question)
    return list(sets.values())


def whole_file_findings(
    forms: dict[Form, Responses], framework: Framework, settings: CohortSettings
) -> list[FileFault]:
    """Return the faults that only whole files show."""
    found = [finding for responses in forms.values() for finding in _of_one_form(responses, settings)]
    if set(forms) == {"self", "peer"}:
        shifted = any(finding.kind == "shifted" for finding in found)
        found += [*(() if shifted else _range_findings(forms)), *_turned_findings(forms, framework, settings)]
        found += _rater_findings(forms, settings)
    return found


def _of_one_form(responses: Responses, settings: CohortSettings) -> list[FileFault]:
    """Return shifted codes, spellings, and answers that nobody uses."""
    found = []
    for shift, questions in shifted_questions(responses, settings.not_applicable).items():
        low, high = questions[0].minimum, questions[0].maximum
        problem = f"the codes run from {low + shift} to {high + shift} where the scale says {low} to {high}"
        cause = "the export seems to count from 0" if low + shift == 0 else f"every code seems to be {shift:+d} off"
        remedy = "add 1 to every answer" if shift < 0 else "take 1 from every answer"
        action = f"{cause}: export the codes of the scale, or {remedy}"
        columns = f"{questions[0].column} to {questions[-1].column}, {len(questions)} columns"
        found.append(FileFault("shifted", Fault(responses.file, problem, f"{action} ({columns})")))
    found += _spelling_findings(responses, settings)
    found += [FileFault("added", fault) for _, fault in asked_later(responses, settings)]
    return [*found, *(() if found and found[0].kind == "shifted" else _unused_findings(responses))]


def _spelling_findings(responses: Responses, settings: CohortSettings) -> list[FileFault]:
    """Return labels and ids of one column that differ only in case, spaces or Unicode form."""
    columns = dict.fromkeys(responses.layout.ids, "ids")
    if responses.form == "self":
        columns |= {group.column: "labels" for group in settings.groups.values() if group.kind != "number"}
    found = []
    for column, what in columns.items():
        if column not in responses.cells or column == ROW_NUMBER:
            continue
        cells = responses.cells[column]
        for same in variants(text for text in cells.dropna().unique() if text != ""):
            problem = f"{what} that differ by case, spaces, line breaks or Unicode form only"
            action = "write them alike, if they mean the same"
            shown = ", ".join(ascii(text) for text in same[:4]) + (", ..." if len(same) > 4 else "")
            row = int(str(cells.index[cells == same[1]][0]))
            found.append(FileFault("spelling", Fault(responses.file, problem, action, row, column, value=shown)))
    return found


def _rater_findings(forms: dict[Form, Responses], settings: CohortSettings) -> list[FileFault]:
    """Return raters whose id is a person's but for its spelling: they may rate themselves unseen."""
    own, peers = forms["self"].cells, forms["peer"].cells
    if not {settings.person_id, settings.rater_id} <= set(peers.columns) or settings.person_id not in own:
        return []
    known = own[settings.person_id].dropna()
    unknown = {column: peers[column][~peers[column].isin(known)] for column in (settings.rater_id, settings.person_id)}
    persons = dict(zip(id_keys(list(known)), known, strict=True)) if any(map(len, unknown.values())) else {}
    found = []
    for column, ids in unknown.items():
        different = list(ids.unique())
        meant = {text: persons[key] for text, key in zip(different, id_keys(different), strict=True) if key in persons}
        other = ids[ids.isin(meant)]
        if len(other):
            first = str(other.iloc[0])
            problem = (
                f"{len(meant)} ids differ by case, spaces, zeros in front or Unicode form only from ids of the "
                f"self file, such as {first!a} from {meant[first]!a}"
            )
            action = "write them alike, or nobody can see who rates themselves"
            fault = Fault(forms["peer"].file, problem, action, int(str(other.index[0])), column)
            found.append(FileFault("spelling", fault))
    return found


def _unused_findings(responses: Responses) -> list[FileFault]:
    """Return answers that nobody gives to any question of a range."""
    found = []
    for questions in _by_range(responses.questions):
        codes = _codes(responses, questions)
        if codes.sum() < FEWEST_ANSWERS:
            continue
        missing = [code for code in questions[0].codes if code not in codes.index]
        if missing and len(questions[0].codes) <= MOST_ANSWERS:
            answers = f"the answer {missing[0]}" if len(missing) == 1 else f"the answers {', '.join(map(str, missing))}"
            where = questions[0].column if len(questions) == 1 else f"any of {len(questions)} questions"
            problem = f"nobody gives {answers} to {where}"
            action = "look whether the framework has the scale that was shown, and whether all codes were exported"
            found.append(FileFault("unused", Fault(responses.file, problem, action)))
    return found


def _range_findings(forms: dict[Form, Responses]) -> list[FileFault]:
    """Return ends of the scale that one form never uses and the other uses often."""
    found = []
    for mine, theirs in ((forms["self"], forms["peer"]), (forms["peer"], forms["self"])):
        asked = {question.item for question in theirs.questions if not question.outcome}
        shared = [question for question in mine.questions if question.item in asked]
        for questions in _by_range(shared):
            items = {question.item for question in questions}
            own = _codes(mine, questions)
            others = _codes(theirs, [question for question in theirs.questions if question.item in items])
            if min(own.sum(), others.sum()) < FEWEST_ANSWERS:
                continue
            for end in (questions[0].minimum, questions[0].maximum):
                share = float(others.get(end, 0) / others.sum())
                if end not in own.index and share >= COMMON:
                    problem = f"no answer is {end}, while {share:.0%} of the answers in {theirs.file} are"
                    action = "the codes of one of the files seem to be shifted or cut off: compare both with the form"
                    found.append(FileFault("range", Fault(mine.file, problem, action)))
    return found


def _codes(responses: Responses, questions: list[Question]) -> pd.Series[int]:
    """Count the readable answers to some questions by code, as given."""
    counts = _counts(responses, questions)
    numbers = pd.to_numeric(pd.Series(counts.index, index=counts.index, dtype=object), errors="coerce").dropna()
    if not questions or numbers.empty:
        return pd.Series(dtype="int64")
    known = numbers[numbers.between(questions[0].minimum, questions[0].maximum)].astype(float)
    return counts[known.index].groupby(known).sum().astype("int64")


def _turned_findings(forms: dict[Form, Responses], framework: Framework, settings: CohortSettings) -> list[FileFault]:
    """Return a form that runs in the opposite direction to the other: people who rate themselves high are rated low."""
    own, peers = forms["self"], forms["peer"]
    if not {settings.person_id} <= set(peers.cells) & set(own.cells):
        return []
    scales = framework.scales()
    asked = {question.item for question in own.questions} & {question.item for question in peers.questions}
    found = []
    for name, items in _wholes(framework, scales).items():
        known = [item for item in items if item in asked]
        if not known:
            continue
        people = _means(own, known, framework, settings)
        people = people[~people.index.duplicated()]
        by_peers = _means(peers, known, framework, settings)
        by_peers = by_peers.groupby(by_peers.index).mean()
        pairs = pd.concat([people, by_peers], axis=1, join="inner").dropna()
        if len(pairs) < FEWEST_PAIRS or (pairs.nunique() < 2).any():
            continue
        correlation = float(pairs.iloc[:, 0].corr(pairs.iloc[:, 1], method="spearman"))
        upper = np.tanh(np.arctanh(np.clip(correlation, -0.999999, 0.999999)) + Z_95 * 1.03 / np.sqrt(len(pairs) - 3))
        if upper < 0:
            problem = (
                f"own answers run against those of colleagues{name}: Spearman's correlation {correlation:.2f}, "
                f"n = {len(pairs)}, 95 % interval below zero"
            )
            action = "one of the two forms seems to be coded the other way round: compare both files with the form"
            found.append(FileFault("turned", Fault(own.file, problem, action)))
    return found[:1]


def _means(responses: Responses, items: list[str], framework: Framework, settings: CohortSettings) -> pd.Series[float]:
    """Return the mean answer of each sheet to some items, by the person it is about."""
    total, n = np.zeros(len(responses.cells)), np.zeros(len(responses.cells))
    for item in items:
        answers = framework.on_one_scale(responses.answers([item]))[item].to_numpy()
        total += np.nan_to_num(answers)
        n += ~np.isnan(answers)
    means = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    return pd.Series(means, index=responses.cells[settings.person_id])


def _wholes(framework: Framework, scales: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what is compared between forms: everything where it points in one direction, else each competency."""
    if len(set(framework.competencies["higher_is"])) == 1 and framework.total != "none":
        return {"": [item for items in scales.values() for item in items]}
    return {f" on {framework.labels[name]}": items for name, items in scales.items()}
