"""From two coders' sheets to the consensus, and what it shows: counts, matrix, map, saturation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from compendium.review.loading import Review, once_a_review
from compendium.review.protocol import SETTING_FACET, TYPE_FACET
from compendium.review.rater_agreement import applied, coders
from compendium.review.screening import included_records

YES, NO, OPEN, NOT_CODED = "yes", "no", "open", "not coded"


@once_a_review
def consensus(review: Review) -> pd.DataFrame:
    """Return what the coders agree on, with adjudications laid over it.

    Returns
    -------
    DataFrame, one row an included record, one column a code
        ``yes``, ``no``, ``open`` (the coders differ and nobody has adjudicated), or ``not coded`` (fewer than
        ``coders_needed`` sheets).
    """
    records = included_records(review)
    sheets = [applied(review, coder) for coder in coders(review)]
    codes = list(review.frame.index)
    zero = pd.DataFrame(0, index=records, columns=codes)
    votes = sum((sheet.reindex(records, fill_value=False).astype(int) for sheet in sheets), zero)
    n = sum((pd.Series(records, records).isin(sheet.index).astype(int) for sheet in sheets), pd.Series(0, records))
    table = pd.DataFrame(OPEN, index=pd.Index(records, name="record"), columns=codes)
    table = table.mask(votes == 0, NO).mask(votes.eq(n, axis=0), YES)
    table[n < review.protocol.coders_needed] = NOT_CODED
    return _adjudicated(review, table)


def _adjudicated(review: Review, table: pd.DataFrame) -> pd.DataFrame:
    """Lay adjudications over the votes; those about records that are not included do not count."""
    final = review.files["coding_adjudication"]
    wide = final.pivot(index="record", columns="code", values="applies")
    return wide.reindex(index=table.index, columns=table.columns).combine_first(table).loc[table.index, table.columns]


def coded(review: Review) -> pd.DataFrame:
    """Return the consensus as true or false: one row an included record, one column a code."""
    return consensus(review) == YES


def open_codes(review: Review) -> pd.DataFrame:
    """List record and code where coders differ and nobody has adjudicated."""
    table = consensus(review)
    long = table.reset_index().melt(id_vars="record", var_name="code", value_name="state")
    return long.loc[long["state"] == OPEN, ["record", "code"]].reset_index(drop=True)


def code_counts(review: Review) -> pd.DataFrame:
    """Count the included records that carry each code.

    Returns
    -------
    DataFrame
        ``facet code label n share``; ``share`` is of the included records.
    """
    table = coded(review)
    counts = table.sum().reindex(review.frame.index)
    out = review.frame[["facet", "label"]].assign(n=counts.astype(int), share=counts / max(len(table), 1))
    return out.rename_axis("code").reset_index()[["facet", "code", "label", "n", "share"]]


def records_of(review: Review, code: str) -> list[str]:
    """Return the included records that carry a code."""
    table = coded(review)
    return list(table.index[table[code]])


def characteristics(review: Review) -> pd.DataFrame:
    """Return what is known of each included record: the facts, its codes by facet, and what they rest on.

    Returns
    -------
    DataFrame, indexed by record
    """
    table = coded(review)
    labels = review.frame["label"]
    out = review.records.loc[table.index, ["title", "authors", "year", "type", "region", "known_from"]].copy()
    for facet, codes in review.frame.groupby("facet", sort=False):
        chosen = table[list(codes.index)]
        out[str(facet)] = ["; ".join(labels[code] for code in row.index[row]) for _, row in chosen.iterrows()]
    return out


def code_matrix(review: Review, code: str, facet: str | None = None) -> pd.DataFrame:
    """Return the records with a code against the codes of a facet (the competencies unless said otherwise).

    Returns
    -------
    DataFrame, indexed by record, one column a code
        True where the consensus applies the code.
    """
    wanted = facet or review.protocol.competency_facet
    columns = list(review.frame.index[review.frame["facet"] == wanted])
    return coded(review).loc[records_of(review, code), columns]


def evidence_map(review: Review, quality: pd.Series | None = None, facet: str = TYPE_FACET) -> pd.DataFrame:
    """Count included records by competency and a second facet.

    Parameters
    ----------
    quality : Series, optional
        A figure for each record; its mean over the records of a cell is returned with it.
    facet
        The second facet.

    Returns
    -------
    DataFrame
        ``competency facet_code n quality``: every combination, zeros too, since the gaps are the point.
    """
    table = coded(review)
    columns = list(review.frame.index[review.frame["facet"] == facet])
    rows = []
    for competency in review.competency_codes:
        for column in columns:
            members = table.index[table[competency] & table[column]]
            mean = float(quality.reindex(members).mean()) if quality is not None and len(members) else float("nan")
            rows.append({"competency": competency, "facet_code": column, "n": len(members), "quality": mean})
    return pd.DataFrame(rows)


def saturation(review: Review) -> pd.DataFrame:
    r"""Return how many distinct competency codes n records give: by year of publication, and over all orders.

    The mean over all orders is :math:`S(n) = \sum_k \{1 - \binom{N - N_k}{n} / \binom{N}{n}\}` with :math:`N` records
    and :math:`N_k` of them carrying code :math:`k`. Where records are coded by setting, further columns count pairs of
    competency and setting, which go on growing after every competency has been seen once.

    Returns
    -------
    DataFrame
        ``records found expected``, and with settings ``pairs_found pairs_expected``.

    References
    ----------
    Colwell, R. K., Mao, C. X., & Chang, J. (2004). Interpolating, extrapolating, and comparing incidence-based species
    accumulation curves. Ecology, 85, 2717-2727, equation 5.
    """
    table = coded(review)
    counted, pairs = {"": table[review.competency_codes]}, _pairs(review, table)
    if not pairs.columns.empty:
        counted["pairs_"] = pairs
    order = _by_year(review, list(table.index))
    out = {"records": np.arange(1, len(table) + 1)}
    for prefix, matrix in counted.items():
        out[f"{prefix}found"] = matrix.loc[order].cummax().sum(axis=1).to_numpy()
        out[f"{prefix}expected"] = _expected(matrix)
    return pd.DataFrame(out)


def _pairs(review: Review, table: pd.DataFrame) -> pd.DataFrame:
    """Return which pairs of competency and setting each record carries."""
    settings = list(review.frame.index[review.frame["facet"] == SETTING_FACET])
    pairs = {(c, s): table[c] & table[s] for c in review.competency_codes for s in settings}
    return pd.DataFrame(pairs, index=table.index)


def _by_year(review: Review, records: list[str]) -> list[str]:
    """Return records by year, those without one last."""
    years = review.records.loc[records, "year"]
    return sorted(records, key=lambda record: (years[record] if years[record].isdigit() else "9999", record))


def _expected(matrix: pd.DataFrame) -> np.ndarray:
    """Return the mean number of distinct columns over all orders of the rows."""
    from scipy.special import gammaln

    n, size = np.arange(1, len(matrix) + 1)[:, None], len(matrix)
    without = size - matrix.sum().to_numpy()[None, :]
    possible = without >= n
    log_share = (
        gammaln(without + 1)
        - gammaln(np.where(possible, without - n, 0) + 1)
        - gammaln(size + 1)
        + gammaln(size - n + 1)
    )
    return np.asarray((1 - np.where(possible, np.exp(log_share), 0.0)).sum(axis=1))
