"""Ordinal logistic regression for differential item functioning, with purified matching scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._checks import Scales
from psychometrics.dif._effects import item_effects, scale_effects
from psychometrics.dif._persons import Scores, prepare
from psychometrics.dif._power import power_table
from psychometrics.dif._search import Search
from psychometrics.dif.result import DifRule, OrdinalDif


def ordinal_dif(
    responses: pd.DataFrame,
    groups: pd.Series,
    scales: Scales | None = None,
    *,
    matching: Scores = "trait",
    clusters: pd.Series | None = None,
    reference: str | None = None,
    rule: DifRule | None = None,
) -> OrdinalDif:
    r"""Find items that groups answer differently at the same level of what the scale measures.

    For each item three proportional-odds models with matching score :math:`s` and group indicators :math:`g`:

    .. math::
        M_1&: \operatorname{logit} P(y \le k) = \tau_k - \beta_1 s \\
        M_2&: \ldots - \beta_1 s - \gamma' g \\
        M_3&: \ldots - \beta_1 s - \gamma' g - \delta' g s

    :math:`M_2` against :math:`M_1` tests uniform, :math:`M_3` against :math:`M_2` non-uniform DIF, :math:`M_3`
    against :math:`M_1` both (k - 1, k - 1 and 2(k - 1) df for k groups). The total test, adjusted over the items
    of the call, and the growth of McFadden's R2, :math:`(\ell_3 - \ell_1) / (-\ell_0)`, decide together; flagged
    items then leave the matching score of the others, and the tests are repeated until the anchors stay the same.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Ordered numeric codes, keyed, NaN missing. An item uses the persons who answered it and have a score.
    groups : Series, shape (n_persons,)
        Group of each person, index of the responses; NaN is left out, with a note.
    scales : Series or mapping, optional
        Item to competency; without it all items form one scale.
    matching : {"trait", "rest", "total"}, Series or DataFrame
        ``trait``: the expected trait given the anchors without the studied item and the group, from a graded
        response model with common curves and a normal trait of its own in each group. ``rest``: the mean of the
        anchors without the studied item. ``total``: the mean of the anchors and the studied item. Or scores of
        your own (one column a scale), which cannot be purified. Sums are unreliable and bounded, so at the same
        sum persons of a higher group have the higher trait: with a trait difference of one standard deviation,
        seven items and no DIF, ``rest`` and ``total`` found DIF in 89 and 75 of 100 items at the 5 per cent
        level (two groups of 800), ``trait`` in 4. lordif matches on a trait estimate with one prior for everybody.
        ``trait`` is in standard deviations of the reference group, the others in points.
    clusters : Series, optional
        What dependent rows share: the agency or team of each person, or the rated person when self and peer forms are
        compared. Wald tests with the cluster sandwich (times C / (C - 1)) then replace the likelihood-ratio tests,
        with Hotelling's :math:`F = W (\nu - q + 1) / (q \nu)` on q and :math:`\nu - q + 1` df; :math:`\nu` is the
        number C of clusters less one, or less the number of groups where every cluster lies in one group. Where
        clusters are nested in larger ones, give the larger. A group that lies in one cluster is left out.
    reference : str, optional
        Group that effects are relative to; without it the largest.
    rule : DifRule, optional
        Cut-offs and minimum sizes.

    Returns
    -------
    OrdinalDif
        ``effects``, for item i and the n persons of focal group g, with E the expected answer under a group's
        curve of :math:`M_3` at the person's own score: signed, :math:`\overline{E_g - E_0}`, with an interval by the
        delta method from the persons' (or clusters') scores, the matching score taken as known; unsigned,
        :math:`\overline{|E_g - E_0|}`; standardised, the signed one over the pooled standard deviation of the
        :math:`E` (Meade's SIDS, UIDS and ESSD). ``scale_effects`` sums flagged items over the number of items,
        so it is in points of the scale mean: items may cancel each other within a person, and persons cancel in
        the signed figure only; ``adjusted_mean`` is the group's mean had it answered the flagged items as the
        reference group would; ``standardised`` divides by the standard deviation of the scale mean in the group.

    Raises
    ------
    InputShapeError
        A scale with too few items for `minimum_anchors`, an unknown matching or reference, other rows.
    TooFewPersonsError
        Fewer than two groups of `minimum_size` (or of two clusters), or fewer than ten clusters.
    CodingError
        An answer that is not a number.

    References
    ----------
    Swaminathan, H., & Rogers, H. J. (1990). Detecting differential item functioning using logistic regression
    procedures. Journal of Educational Measurement, 27, 361-370. Zumbo, B. D. (1999). A handbook on the theory and
    methods of differential item functioning. Choi, S. W., Gibbons, L. E., & Crane, P. K. (2011). lordif. Journal
    of Statistical Software, 39(8). Crane, P. K., van Belle, G., & Larson, E. B. (2004). Statistics in Medicine,
    23, 241-256. Heinze, G., & Schemper, M. (2002). A solution to the problem of separation in logistic regression.
    Statistics in Medicine, 21, 2409-2419. Kosmidis, I., & Firth, D. (2021). Jeffreys-prior penalty, finiteness and
    shrinkage in binomial-response generalized linear models. Biometrika, 108, 71-82. Boos, D. D. (1992). On
    generalized score tests. The American Statistician, 46, 327-333. Jodoin, M. G., & Gierl, M. J. (2001). Applied
    Measurement in Education, 14, 329-349. Meade, A. W.
    (2010). Journal of Applied Psychology, 95, 728-743. Benjamini, Y., & Hochberg, Y. (1995). Journal of the Royal
    Statistical Society B, 57, 289-300.

    Notes
    -----
    A category that one group never uses is no obstacle, since thresholds are common. Where the likelihood has no
    maximum, because a group or the score separates the answers (the worst unfairness does), the models are fitted by
    the likelihood penalised with Jeffreys' prior, :math:`\ell + \tfrac12\log|I|`, and compared by twice the loss of
    penalised likelihood when the tested coefficients are held at zero; with clusters by the generalised score test,
    which needs no estimate of what separates. Only an item that cannot be tested at all (one answer in use, no
    matching score) is ``untested``, with the reason; it is no anchor. ``power`` says what each grouping could have
    shown. Validated against ``MASS::polr`` and ``sandwich::vcovCL`` (models, tests, R2), ``brglm2`` (the penalised
    likelihood of two categories), a penalised likelihood maximised by ``optim`` (five categories), and by simulated
    recovery (``benchmarks/recover_fairness.py``).

    See Also
    --------
    psychometrics.groups.compare_groups : Differences in scores, which DIF may distort.
    psychometrics.irt.fit_graded_response : The curves of the items of one scale.

    Examples
    --------
    Six items of one trait; the first is two standard deviations easier for the second group.

    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> group = np.repeat(["a", "b"], [300, 100])
    >>> latent = 0.7 * rng.normal(size=(400, 1)) + 0.7 * rng.normal(size=(400, 6))
    >>> latent[group == "b", 0] += 2
    >>> items = pd.DataFrame(np.digitize(latent, [-1.5, -0.5, 0.5, 1.5]), columns=list("uvwxyz"))
    >>> found = ordinal_dif(items, pd.Series(group))
    >>> found.flagged
    ('u',)
    >>> found.table.loc["u", ["status", "kind", "size"]].tolist()
    ['flagged', 'uniform', 'large']
    >>> found.scale_effects.loc[1, ["signed", "lower", "upper"]].astype(float).round(2).tolist()
    [0.26, 0.24, 0.28]
    """
    study = prepare(responses, groups, scales, matching, clusters, reference, rule or DifRule())
    search = Search(study)
    search.run()
    table, models = search.table, {item: one.models for item, one in search.tested.items() if one.models is not None}
    scale_of = {item: scale for scale, items in study.scales.items() for item in items}
    ordered = {item: models[item] for item in study.answers.columns if item in models}
    return OrdinalDif(
        table=table,
        effects=item_effects(study, ordered, scale_of),
        scale_effects=scale_effects(study, ordered, set(table.index[table["flagged"]])),
        power=power_table(study, ordered),
        rounds=pd.DataFrame(search.log),
        stable=search.stable,
        groups=pd.Series(np.bincount(study.groups), index=study.names, name="n"),
        reference=study.names[0],
        test="likelihood ratio" if study.clusters is None else "cluster-robust Wald",
        matching=study.matching,
        n_persons=len(study.answers),
        n_clusters=0 if study.clusters is None else len(np.unique(study.clusters)),
        rule=study.rule,
        notes=(*study.notes, *search.notes),
        _models=ordered,
    )
