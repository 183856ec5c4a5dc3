"""What changed between waves of the same people, and who was there to be asked again (notebook 11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from compendium import findings
from compendium.disclosure.equations import TwoWaves
from compendium.disclosure.membership import hidden_counts, hides_left, hides_whole, shown_over_groupings
from compendium.steps.outcome_associations.associations import overall
from compendium.steps.scores import OVERALL, shared_items
from compendium.study import Study
from psychometrics.association import adjust_p, random_intercept
from psychometrics.change import DETERIORATED, IMPROVED, ReliableChange, regressed_change, reliable_change, retest
from psychometrics.errors import PsychometricsError
from psychometrics.reliability import cronbach_alpha
from psychometrics.sem import invariance_over_time
from psychometrics.waves import drop_out, responsiveness

Pair = tuple[str, str]
JACOBSON_TRUAX, TRUE_SCORE = "Jacobson and Truax", "true score"
TOO_FEW = "fewer people than the plan asks for"
NOT_SCALAR = "scalar invariance over time does not hold"
NOT_TESTED = "scalar invariance over time was not tested"
NO_ERROR = "the error of its scores is not known: fewer than two items, or items that do not go together"

# One or two people are not counted where the others are.
FEWEST_TOLD = 3


def labels(study: Study) -> dict[str, str]:
    """Return the label of each wave, in order of time."""
    assert study.settings.waves is not None
    return {name: wave.label for name, wave in study.settings.waves.in_order.items()}


def successive(study: Study) -> list[Pair]:
    """Return each wave with the next one."""
    return list(pairwise(labels(study)))


def latest(study: Study) -> Pair:
    """Return the studied wave with the one before it; where it is the first, with the one after."""
    assert study.settings.waves is not None
    pairs, main = successive(study), study.settings.waves.main
    return next((pair for pair in pairs if pair[1] == main), pairs[0])


def studied(study: Study) -> str:
    """Return the label of the wave that the study is about."""
    assert study.settings.waves is not None
    return labels(study)[study.settings.waves.main]


def measured_twice(study: Study, pair: Pair) -> int | None:
    """Count the people with a score in both waves; None where that would reveal a few who stayed, left or came."""
    return None if hides_change(study, pair) else len(both(study, pair)[0])


def differing(table: pd.DataFrame) -> int:
    """Count the rows that differ from zero after adjustment for their number."""
    return int(table["differs"].eq(True).sum())


def how_many_hold(levels: pd.DataFrame) -> tuple[int, int]:
    """Count the comparisons that could be tested, and those of them in which scalar invariance held."""
    return int(levels["holds"].notna().sum()), int((levels["holds"] == "scalar").sum())


def span(table: pd.DataFrame, column: str) -> tuple[float | None, float | None]:
    """Return the smallest and the largest number of a column, None where there is none."""
    known = table[column].astype(float).dropna()
    return (float(known.min()), float(known.max())) if len(known) else (None, None)


def drawn(means: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the known mean changes ready for the figure: labels of competencies, short names of waves."""
    known = means.dropna(subset=["change"])
    waves = known["before"] + "\nto " + known["after"]
    return known.assign(waves=waves, competency=known["competency"].map(lambda name: names.get(name, name)))


def persons_table(found: Mapping[tuple[str, str], ReliableChange]) -> pd.DataFrame:
    """Return each person's change and verdict by competency and method, for the private folder only."""
    parts = {key: each.persons for key, each in found.items()}
    if not parts:
        return pd.DataFrame(columns=["competency", "method", "person", "change", "index", "verdict"])
    return pd.concat(parts, names=["competency", "method", "person"]).reset_index()


def of_wave(table: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Return the rows of one wave by person."""
    return pd.DataFrame(table.xs(wave, level="wave"))


def both(study: Study, pair: Pair) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores of the people who were there in two waves."""
    one, other = (of_wave(study.prepared.wave_scores, wave) for wave in pair)
    people = one.index.intersection(other.index)
    return one.loc[people], other.loc[people]


def _minimum(study: Study) -> float:
    """Return the smallest group of people that may be shown."""
    return float(study.plan.disclosure.minimum_group.value)


def hides_change(study: Study, pair: Pair) -> bool:
    """Say whether so few people stayed, left or came that the whole cohort's change would reveal them."""
    names = list(_smallest_groups(study))
    before, after = (of_wave(study.prepared.wave_people, wave)[names] for wave in pair)
    return hides_whole(TwoWaves(before, after, _minimum(study)))


def hidden_changes(study: Study) -> tuple[findings.Finding, ...]:
    """Return between which waves nothing is shown of the change of everybody."""
    names = [_named(study, pair) for pair in successive(study) if hides_change(study, pair)]
    return tuple(findings.found("wave_change_hidden", first=each["before"], other=each["after"]) for each in names)


def participation(study: Study) -> pd.DataFrame:
    """Count who was there in each wave, and of the wave before who stayed, who left, who came.

    Counts that would single out a few people are left blank together.
    """
    names, minimum = labels(study), _minimum(study)
    rows: list[dict[str, object]] = []
    before: pd.Index | None = None
    for wave, label in names.items():
        here = of_wave(study.prepared.wave_people, wave).index
        row: dict[str, object] = {"wave": label, "n": len(here)}
        if before is not None:
            stayed = len(before.intersection(here))
            told = hidden_counts({"stayed": stayed, "left": len(before) - stayed, "came": len(here) - stayed}, minimum)
            row |= {**told, "stayed_share": told["stayed"] / len(before)}
        rows.append(row)
        before = here
    return pd.DataFrame(rows, columns=["wave", "n", "stayed", "left", "came", "stayed_share"])


def shared(study: Study) -> pd.DataFrame:
    """Count for each competency the kept items, and those of them that all waves asked."""
    common = study.framework.scales(shared_items(study))
    rows = [
        {"competency": name, "kept_items": len(items), "compared_items": len(common.get(name, []))}
        for name, items in study.scales.items()
    ]
    return pd.DataFrame(rows)


def compared_items(study: Study) -> tuple[findings.Finding, ...]:
    """Return over how many items the waves are compared, and which competencies lose items, or all, by that."""
    table = shared(study)
    kept, common = int(table["kept_items"].sum()), int(table["compared_items"].sum())
    if common == kept:
        return (findings.found("wave_items_all"),)
    none, fewer = table["compared_items"].eq(0), table["compared_items"].lt(table["kept_items"])
    lists = {"wave_items_fewer": table[fewer & ~none], "wave_items_none": table[none]}
    names = {kind: list(rows["competency"]) for kind, rows in lists.items() if len(rows)}
    said = [findings.found(kind, other=each, n=len(each)) for kind, each in names.items()]
    return (findings.found("wave_items_some", value=common, limit=kept), *said)


def told_of_leaving(study: Study) -> list[Pair]:
    """Return the waves between which people who left may be compared with those who stayed, as that tells of nobody."""
    minima, found = _smallest_groups(study), []
    for pair in successive(study):
        before, after = (of_wave(study.prepared.wave_people, wave) for wave in pair)
        if not hides_left(before, after, minima, _minimum(study)):
            found.append(pair)
    return found


def who_left(study: Study, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Compare the scores of people who left with those of people who stayed, for each of these waves and the next."""
    return _left(study, study.prepared.wave_scores, pairs)


def who_left_overall(study: Study, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Compare the overall score alone: one test a pair of waves, with more power where competencies go together."""
    total = study.framework.total
    scores = overall(study.prepared.wave_scores, total).to_frame()
    return _left(study, scores, [] if total == "none" else pairs)


def _left(study: Study, wave_scores: pd.DataFrame, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Compare these scores, indexed by wave and person, of people who left and who stayed."""
    confidence, tables = study.plan.confidence.value, []
    for pair in pairs:
        scores = of_wave(wave_scores, pair[0])
        there = of_wave(study.prepared.wave_people, pair[1]).index
        stayed = pd.Series(scores.index.isin(there), index=scores.index)
        table = drop_out(scores, stayed, confidence).table.rename(columns={"score": "competency"})
        tables.append(table.assign(**_named(study, pair)))
    columns = [
        "before", "after", "competency", "n_stayed", "n_left", "difference", "lower", "upper", "odds_ratio",
        "odds_lower", "odds_upper", "p", "p_holm", "differs", "note",
    ]  # fmt: skip
    return _judged(study, pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(), columns)


def _judged(study: Study, table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return these columns, with whether each row, all of them one family, differs from zero after adjustment."""
    whole = table.reindex(columns=list(dict.fromkeys([*columns, "p"])))
    adjusted = adjust_p(whole["p"].astype(float), "holm")
    differs = (adjusted < study.plan.alpha_level.value).astype(object).where(adjusted.notna())
    return whole.assign(p_holm=adjusted, differs=differs)[columns]


def _named(study: Study, pair: Pair) -> dict[str, str]:
    """Return the labels of two waves."""
    names = labels(study)
    return {"before": names[pair[0]], "after": names[pair[1]]}


def _each(study: Study) -> Iterator[tuple[Pair, str, pd.Series, pd.Series]]:
    """Return every competency in every wave and the next, of people with both scores."""
    for pair in successive(study):
        if hides_change(study, pair):
            continue
        first, second = both(study, pair)
        for name in first:
            known = first[name].notna() & second[name].notna()
            yield pair, str(name), first[name][known], second[name][known]


def invariance(study: Study) -> pd.DataFrame:
    """Test for each competency and two waves whether items mean the same; say why where it is not tested.

    ``holds`` is the highest level whose fit falls by no more than the plan allows: "configural", "metric" or "scalar".
    """
    rows: list[dict[str, object]] = []
    rule, needed = study.plan.invariance, study.plan.change.fewest_for_invariance.value
    scales = study.framework.scales(shared_items(study))
    for pair, name, first, _ in _each(study):
        row: dict[str, object] = {**_named(study, pair), "competency": name, "n": len(first)}
        if len(first) < needed:
            rows.append(row | {"note": f"{TOO_FEW}: {needed:.0f}"})
            continue
        answers = study.prepared.wave_answers[scales[name]]
        one, other = (of_wave(answers, wave).loc[first.index] for wave in pair)
        try:
            found = invariance_over_time(one, other, confidence=study.plan.confidence.value)
        except PsychometricsError as error:
            rows.append(row | {"note": str(error)})
            continue
        levels = found.levels.set_index("level")
        fits = (levels["cfi_drop"] <= rule.cfi_drop.value) & (levels["rmsea_rise"] <= rule.rmsea_rise.value)
        holds = "scalar" if fits["metric"] and fits["scalar"] else "metric" if fits["metric"] else "configural"
        row |= {f"{of}_{level}": levels.loc[level, of] for level in levels.index for of in ("cfi", "rmsea")}
        row |= {"holds": holds, "note": ""}
        if found.stability <= 1:
            row |= {"stability": found.stability, "stability_lower": found.stability_lower}
            row |= {"stability_upper": min(found.stability_upper, 1.0)}
        else:
            row |= {"stability_note": "estimated above 1, which no correlation is"}
        if holds == "scalar":
            row |= {"factor_change": found.mean_change, "factor_change_lower": found.mean_change_lower}
            row |= {"factor_change_upper": found.mean_change_upper}
        rows.append(row)
    columns = [
        "before", "after", "competency", "n", "cfi_configural", "rmsea_configural", "cfi_metric", "rmsea_metric",
        "cfi_scalar", "rmsea_scalar", "holds", "stability", "stability_lower", "stability_upper",
        "stability_note", "factor_change", "factor_change_lower", "factor_change_upper", "note",
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)


def prepare_levels(study: Study, levels: pd.DataFrame) -> None:
    """Keep how far items mean the same over time, for the reports."""
    study.prepared.write("wave_levels", levels.set_index(["before", "after", "competency"])[["holds"]].astype(object))


def why_no_means(study: Study, pair: Pair, levels: pd.DataFrame, name: str) -> str:
    """Say why the means of a competency in two waves may not be compared; empty where they may."""
    before, after = _named(study, pair).values()
    here = levels["before"].eq(before) & levels["after"].eq(after) & levels["competency"].eq(name)
    held = levels.loc[here, "holds"].dropna()
    return NOT_TESTED if held.empty else "" if held.iloc[0] == "scalar" else NOT_SCALAR


def _comparable(levels: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Return the competencies, with their waves, whose means may be compared."""
    held = levels[levels["holds"] == "scalar"]
    return set(zip(held["before"], held["after"], held["competency"], strict=True))


def mean_changes(study: Study, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the mean change of each competency where its items mean the same in both waves; elsewhere say why not."""
    rows: list[dict[str, object]] = []
    confidence = study.plan.confidence.value
    for pair, name, first, second in _each(study):
        row: dict[str, object] = {**_named(study, pair), "competency": name, "n": len(first)}
        if why := why_no_means(study, pair, levels, name):
            rows.append(row | {"note": why})
            continue
        change = second - first
        margin = stats.t.ppf((1 + confidence) / 2, len(change) - 1) * change.std() / np.sqrt(len(change))
        mean, spread = float(change.mean()), float(first.std())
        row |= {"change": mean, "lower": mean - margin, "upper": mean + margin, "p": _of_no_change(change)}
        rows.append(row | {"standardised": mean / spread if spread else np.nan, "note": ""})
    # Of p only what it says is kept: with the number of people it would lead to the mean.
    columns = ["before", "after", "competency", "n", "change", "lower", "upper", "standardised", "differs", "note"]
    return _judged(study, pd.DataFrame(rows), columns)


def _of_no_change(change: pd.Series) -> float:
    """Return p of the t test of one sample; undefined where everybody changed alike."""
    return float(stats.ttest_1samp(change, 0.0).pvalue) if change.std() > 0 else np.nan


def growth(study: Study, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the change since the first wave by a mixed model: random intercepts of people and of their clusters.

    Everybody counts who was there once, so that drop-out that goes with earlier scores is allowed for. Only of
    competencies whose items mean the same over all waves.
    """
    names = labels(study)
    if any(hides_change(study, pair) for pair in successive(study)):
        return pd.DataFrame(columns=["competency", "wave", "change", "lower", "upper", "n", "clusters", "note"])
    scores, people, nested = study.prepared.wave_scores, study.prepared.wave_people, study.nesting.name
    rows: list[dict[str, object]] = []
    for name in scores:
        whys = [why for pair in successive(study) if (why := why_no_means(study, pair, levels, str(name)))]
        if whys:
            why = NOT_SCALAR if NOT_SCALAR in whys else NOT_TESTED
            rows.append({"competency": name, "note": f"{why} between every wave and the next"})
            continue
        waves = scores.index.get_level_values("wave")
        later = {label: (waves == wave).astype(float) for wave, label in list(names.items())[1:]}
        groups: dict[str, object] = {"person": scores.index.get_level_values("person").astype(str)}
        if nested in people:
            groups[nested] = people[nested].reindex(scores.index).to_numpy()
        waves_after, clusters = (pd.DataFrame(each, index=scores.index) for each in (later, groups))
        confidence = study.plan.confidence.value
        found = random_intercept(scores[name], waves_after, clusters, confidence=confidence)
        parts = found.variance_components.set_index("component")["share"]
        for row in found.coefficients[found.coefficients["term"].isin(names.values())].to_dict("records"):
            told = {"wave": row["term"], "change": row["estimate"], "lower": row["lower"], "upper": row["upper"]}
            rows.append({"competency": name, **told, "n": found.n_groups, "clusters": parts.get(nested), "note": ""})
    columns = ["competency", "wave", "change", "lower", "upper", "n", "clusters", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def retests(study: Study) -> pd.DataFrame:
    """Return test-retest reliability and measurement error of each competency over two waves."""
    rows: list[dict[str, object]] = []
    needed = study.plan.change.fewest_people.value
    for pair, name, first, second in _each(study):
        row: dict[str, object] = {**_named(study, pair), "competency": name, "n": len(first)}
        if len(first) < needed:
            rows.append(row | {"note": f"{TOO_FEW}: {needed:.0f}"})
            continue
        try:
            found = retest(first, second, study.plan.confidence.value)
        except PsychometricsError as error:
            rows.append(row | {"note": str(error)})
            continue
        row |= {"icc": found.icc_agreement, "icc_lower": found.icc_lower, "icc_upper": found.icc_upper}
        row |= {"sem": found.standard_error_agreement, "smallest_detectable_change": found.smallest_detectable_change}
        rows.append(row | {"note": "; ".join(found.notes)})
    columns = ["before", "after", "competency", "n", "icc", "icc_lower", "icc_upper", "sem",
               "smallest_detectable_change", "note"]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)


def persons(study: Study, pair: Pair) -> dict[tuple[str, str], ReliableChange]:
    """Return reliable change of each person by competency and method; person-level, for the private folder.

    Error is that of alpha in the wave before; its people are the reference.
    """
    found: dict[tuple[str, str], ReliableChange] = {}
    scales, confidence = study.framework.scales(shared_items(study)), study.plan.confidence.value
    first, second = both(study, pair)
    earlier = of_wave(study.prepared.wave_scores, pair[0])
    answers = study.framework.on_one_scale(of_wave(study.prepared.wave_answers, pair[0]))
    for name in first:
        try:
            alpha = cronbach_alpha(answers[scales[str(name)]]).raw
            spread, mean = float(earlier[name].std()), float(earlier[name].mean())
            plain = reliable_change(first[name], second[name], spread, alpha, confidence)
            model = regressed_change(first[name], second[name], spread, alpha, mean, confidence)
        except PsychometricsError:
            continue
        found[str(name), JACOBSON_TRUAX], found[str(name), TRUE_SCORE] = plain, model
    return found


def reliable_changes(
    study: Study, pair: Pair, found: dict[tuple[str, str], ReliableChange], levels: pd.DataFrame
) -> pd.DataFrame:
    """Count who changed reliably by each method, beside the share that chance alone would give.

    Nothing is counted where so few stayed, left or came that the cohort's change would tell of them; where the items
    of a competency are known not to mean the same in both waves, or the error of its scores is not known, its row says
    so.
    """
    rows: list[dict[str, object]] = []
    judged = {name for name, _ in found}
    for name in () if hides_change(study, pair) else map(str, both(study, pair)[0]):
        unlike = why_no_means(study, pair, levels, name) == NOT_SCALAR
        if unlike or name not in judged:
            rows.append({"competency": name, "note": NOT_SCALAR if unlike else NO_ERROR})
            continue
        rows += [_counted(name, method, each) for (of, method), each in found.items() if of == name]
    columns = ["competency", "method", "n", "improved_share", "deteriorated_share", "chance_share", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _counted(name: str, method: str, each: ReliableChange) -> dict[str, object]:
    """Return the shares of people who changed reliably in one competency by one method."""
    counts = each.summary.set_index("verdict")
    better, worse = (int(counts["n"][verdict]) for verdict in (IMPROVED, DETERIORATED))
    told = hidden_counts({"improved": better, "deteriorated": worse, "rest": each.n - better - worse}, FEWEST_TOLD)
    shares = {f"{verdict}_share": told[verdict] / each.n for verdict in ("improved", "deteriorated")}
    about = {"competency": name, "method": method, "n": each.n}
    return about | shares | {"chance_share": float(counts["expected_by_chance"][IMPROVED]), "note": ""}


def _smallest_groups(study: Study) -> dict[str, float]:
    """Return the smallest group that may be shown, by grouping: teams have a limit of their own."""
    limits = study.plan.disclosure
    names = [name for name, group in study.settings.groups.items() if group.kind != "number"]
    team = float(max(limits.minimum_group.value, limits.minimum_team.value))
    return {name: team if name == "team" else float(limits.minimum_group.value) for name in names}


def group_changes(study: Study, pair: Pair, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the mean change of each group that may be shown, of people who were in it in both waves."""
    allowed, confidence = _comparable(levels), study.plan.confidence.value
    first, second = both(study, pair)
    members = [of_wave(study.prepared.wave_people, wave) for wave in pair]
    rows: list[dict[str, object]] = []
    minima = _smallest_groups(study)
    for grouping, groups in shown_over_groupings(members[0], members[1], minima).items():
        before, after = (each[grouping] for each in members)
        for group in groups:
            inside = before.index[before == group].intersection(after.index[after == group])
            for name in (each for each in first if (*_named(study, pair).values(), each) in allowed):
                change = (second[name] - first[name]).reindex(inside).dropna()
                if len(change) < len(inside) or change.std() == 0:
                    continue  # another number of people than that of the group: the difference would tell of them
                margin = stats.t.ppf((1 + confidence) / 2, len(change) - 1) * change.std() / np.sqrt(len(change))
                mean = float(change.mean())
                row = {"grouping": study.group_labels[grouping], "group": group, "competency": name}
                rows.append(row | {"n": len(change), "change": mean, "lower": mean - margin, "upper": mean + margin})
    return pd.DataFrame(rows, columns=["grouping", "group", "competency", "n", "change", "lower", "upper"])


def against_anchor(study: Study, pair: Pair, levels: pd.DataFrame) -> pd.DataFrame:
    """Relate change to people's own judgement of it, and return the smallest important change.

    No row where so few stayed, left or came that the cohort's change would tell of them, and no mean change where the
    items do not mean the same in both waves; for the overall score those of every competency.
    """
    assert study.settings.waves is not None and study.settings.waves.anchor is not None
    anchor, judgement = study.settings.waves.anchor, study.prepared.anchor["anchor"]
    first, second = both(study, pair)
    changes = second - first
    if study.collected("overall"):
        changes.insert(0, OVERALL, overall(changes))
    rows, whys = [], {str(name): why_no_means(study, pair, levels, str(name)) for name in first}
    whys[OVERALL] = next((why for why in whys.values() if why), "")
    for name, change in () if hides_change(study, pair) else changes.items():
        codes = [float(code) for code in anchor.smallest]
        try:
            found = responsiveness(
                change, judgement.reindex(change.index), codes, anchor.unchanged, study.plan.confidence.value
            )
        except PsychometricsError as error:
            rows.append({"competency": name, "note": str(error)})
            continue
        row = found.to_frame().drop(columns=["confidence"]).iloc[0].to_dict()
        means = ["smallest_change", "smallest_lower", "smallest_upper", "predicted_change"]
        if found.n_smallest < _minimum(study):
            row |= dict.fromkeys(["smallest_change", "smallest_lower", "smallest_upper", "n_smallest"], np.nan)
        if not found.correlation >= study.plan.change.anchor_correlation.value:
            row |= dict.fromkeys(means, np.nan) | {"note": "goes with the anchor too little"}
        elif whys[str(name)]:
            row |= dict.fromkeys(means, np.nan) | {"note": whys[str(name)]}
        rows.append({"competency": name} | {str(key): value for key, value in row.items()})
    columns = ["competency", "n", "correlation", "lower", "upper", "n_smallest", "smallest_change", "smallest_lower",
               "smallest_upper", "predicted_change", "note"]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)
