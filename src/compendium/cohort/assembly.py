"""Checked responses as the tables of a cohort: keyed, labelled, pseudonymised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from compendium.cohort.forms import FormTable
from compendium.cohort.layout import Form
from compendium.cohort.pseudonyms import PERSON, RATER, pseudonyms_of
from compendium.cohort.responses import Responses
from compendium.cohort.roster import Roster
from compendium.cohort.schema import RATER_GROUP, ROW_NUMBER, CohortSettings
from compendium.cohort.sheets import turnout
from compendium.columns import as_column, numbers_of, recoded, texts_of
from compendium.framework import Framework


@dataclass(frozen=True)
class Cohort:
    """A cohort read, checked, keyed and pseudonymised.

    Attributes
    ----------
    settings : CohortSettings
    framework : Framework
        With the items that were asked.
    people : DataFrame
        Index ``person``; one column a group: labels (or what was found), numbers as floats.
    answers : DataFrame of shape (n_persons, n_items)
        Index ``person``; keyed codes as floats, so that a high code means more of the competency; NaN is missing
        or not applicable. All NaN when the cohort has no self ratings.
    outcomes : DataFrame
        Index ``person``; keyed outcome items. No column when none were collected.
    peers : DataFrame
        Index ``person``, ``rater``; keyed item answers of the raters. No row when none were collected.
    peer_outcomes : DataFrame
        Index ``person``, ``rater``; the raters' own keyed outcome items.
    rater_groups : DataFrame
        Index ``person``, ``rater``; column ``rater_group``, how the rater works with the person. No column where that
        was not asked.
    not_applicable : DataFrame
        Index ``item``; how often not applicable was answered, columns ``self`` and ``peer``.
    without_answers : int
        People of the self file who answered no item at all; they stay in every table.
    weights : Series
        Survey weights by person; empty where the cohort declares none.
    pseudonyms : Series
        Pseudonym of each person, index the id in the file. Person-level: never shown, never committed.
    participation : DataFrame
        Index ``person``; what the survey tool knows: ``finished``, ``seconds``. No column where it says nothing.
    turnout : DataFrame
        Index the form; how many people were ``invited`` (of the peer form: ratings asked for), how many ``sheets``
        came in, how many people ``agreed`` to take part, how many of these ``finished``; blank where it is not known.
        ``submitted_only``: whether the tool keeps no unfinished sheet.
    import_record : DataFrame
        What was read of each file, kept, turned and left out.
    anchor : Series
        What each person says of their own change, by person; empty where the cohort did not ask.
    waves : mapping of str to Cohort
        Waves beside the studied one, by their key in order of time; the same person has the same pseudonym.
    """

    settings: CohortSettings
    framework: Framework
    people: pd.DataFrame
    answers: pd.DataFrame
    outcomes: pd.DataFrame
    peers: pd.DataFrame
    peer_outcomes: pd.DataFrame
    rater_groups: pd.DataFrame
    not_applicable: pd.DataFrame
    without_answers: int
    pseudonyms: pd.Series = field(repr=False)
    weights: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    participation: pd.DataFrame = field(default_factory=pd.DataFrame)
    turnout: pd.DataFrame = field(default_factory=pd.DataFrame)
    import_record: pd.DataFrame = field(default_factory=pd.DataFrame)
    anchor: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    waves: Mapping[str, Cohort] = field(default_factory=dict)


def assemble(
    settings: CohortSettings,
    framework: Framework,
    forms: dict[Form, Responses],
    imports: Mapping[Form, FormTable],
    secret: bytes,
    roster: Roster | None = None,
) -> Cohort:
    """Turn checked responses into the tables of a cohort."""
    own, peers = forms["self"], forms.get("peer")
    persons = _person_ids(own, settings)
    pseudonyms = pseudonyms_of(settings.id, persons, PERSON, secret)
    index = pd.Index(persons.map(pseudonyms), name="person")
    items = list(framework.items.index)
    answers = own.answers(items).set_axis(index).reindex(columns=items)
    ratings = _ratings(peers, settings, pseudonyms, secret)
    return Cohort(
        settings=settings,
        framework=framework,
        people=_people(own, settings).set_axis(index),
        answers=answers,
        outcomes=own.answers(_outcome_items(own)).set_axis(index),
        peers=ratings.reindex(columns=items),
        peer_outcomes=ratings.reindex(columns=_outcome_items(peers)),
        not_applicable=_not_applicable(forms, settings),
        without_answers=int(answers.isna().all(axis=1).sum()),
        pseudonyms=pseudonyms,
        rater_groups=_rater_groups(peers, settings, ratings.index),
        weights=_weights(own, settings, index),
        anchor=_anchor(own, settings, index),
        participation=imports["self"].participation.set_axis(index),
        turnout=_turnout(imports, settings, roster),
        import_record=pd.concat([table.record for table in imports.values()], ignore_index=True),
    )


def _turnout(imports: Mapping[Form, FormTable], settings: CohortSettings, roster: Roster | None) -> pd.DataFrame:
    """Return how far the sheets of each form came, and how many were asked for."""
    invited = settings.invited if roster is None else len(roster.people)
    asked = {"self": invited, "peer": None if roster is None else roster.asked}
    counts = {form: {"invited": asked[form], **turnout(table.sources)} for form, table in imports.items()}
    kept = [any(export.submitted_only for export in table.exports) for table in imports.values()]
    return pd.DataFrame(counts).T.astype("Int64").assign(submitted_only=kept).rename_axis("form")


def _weights(own: Responses, settings: CohortSettings, index: pd.Index) -> pd.Series[float]:
    """Return the survey weight of each person; empty where there are none."""
    if settings.weight is None:
        return pd.Series(dtype=float)
    return numbers_of(own.cells[settings.weight.column]).set_axis(index).rename(None)


def _anchor(own: Responses, settings: CohortSettings, index: pd.Index) -> pd.Series[float]:
    """Return what each person says of their own change; empty where they were not asked."""
    anchor = None if settings.waves is None else settings.waves.anchor
    if anchor is None:
        return pd.Series(dtype=float)
    return numbers_of(own.cells[anchor.column]).set_axis(index).rename(None)


def effective_number(weights: pd.Series[float]) -> float:
    r"""Return how many unweighted people carry as much information as the weighted ones.

    .. math:: n_\text{eff} = \Big(\sum_i w_i\Big)^2 \Big/ \sum_i w_i^2

    References
    ----------
    Kish, L. (1965). Survey sampling. Wiley, section 11.7.
    """
    known = weights.dropna()
    return float(known.sum() ** 2 / (known**2).sum()) if len(known) else float("nan")


def _outcome_items(responses: Responses | None) -> list[str]:
    """Return the outcome items of a form."""
    return [] if responses is None else [question.item for question in responses.questions if question.outcome]


def _person_ids(own: Responses, settings: CohortSettings) -> pd.Series:
    """Return the id of each person, which may be the row number."""
    if settings.person_id == ROW_NUMBER:
        return pd.Series(own.cells.index.astype(str), index=own.cells.index, dtype=object)
    return own.cells[settings.person_id]


def _people(own: Responses, settings: CohortSettings) -> pd.DataFrame:
    """Return the groups of each person: labels applied, numbers as numbers."""
    columns: dict[str, pd.Series] = {}
    nobody = as_column(pd.Series(None, index=own.cells.index, dtype=object))
    for name, group in settings.groups.items():
        cells = own.cells.get(group.column, nobody)
        if group.kind == "number":
            columns[name] = numbers_of(cells)
        else:
            columns[name] = texts_of(recoded(cells, group.levels.get) if group.levels else cells)
    return pd.DataFrame(columns, index=own.cells.index)


def _ratings(peers: Responses | None, settings: CohortSettings, pseudonyms: pd.Series, secret: bytes) -> pd.DataFrame:
    """Return the keyed peer answers by person and rater; no row where none were collected."""
    names = ["person", "rater"]
    if peers is None:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=names), dtype=float)
    raters = peers.cells[settings.rater_id]
    rated = peers.cells[settings.person_id].map(pseudonyms)
    by_rater = pseudonyms_of(settings.id, raters, RATER, secret)
    index = pd.MultiIndex.from_arrays([rated, raters.map(by_rater)], names=names)
    return peers.answers().set_axis(index)


def _rater_groups(peers: Responses | None, settings: CohortSettings, index: pd.Index) -> pd.DataFrame:
    """Return how each rater works with the person, by label; no column where that was not asked."""
    group = settings.rater_group
    if peers is None or group is None:
        return pd.DataFrame(index=index)
    labels = recoded(peers.cells[group.column], group.levels.get)
    return pd.DataFrame({RATER_GROUP: texts_of(labels).to_numpy()}, index=index)


def _not_applicable(forms: dict[Form, Responses], settings: CohortSettings) -> pd.DataFrame:
    """Count the answers 'not applicable' of each item in each form."""
    counts = {form: responses.not_applicable(settings.not_applicable) for form, responses in forms.items()}
    return pd.DataFrame(counts).reindex(columns=["self", "peer"]).fillna(0).astype("int64").rename_axis("item")
