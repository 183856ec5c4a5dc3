"""The counts of the review in the table that the PRISMA 2020 flow diagram's tools read."""

from __future__ import annotations

import pandas as pd

from compendium.review.loading import Review
from compendium.review.screening import EXCLUDED, NOT_REACHED, NOT_RETRIEVED, included_records, stage_outcomes

COLUMNS = ("data", "node", "box", "description", "boxtext", "tooltips", "url", "n")
FROM_DATABASES = ("database", "register")
# Key, node and box of the template, and what the box says.
BOXES = (
    ("", "node4", "prevstud", "Previous studies"),
    ("previous_studies", "node5", "box1", "Studies included in previous version of review"),
    ("previous_reports", "", "box1", "Reports of studies included in previous version of review"),
    ("", "node6", "newstud", "Identification of new studies via databases and registers"),
    ("database_results", "node7", "box2", "Databases"),
    ("register_results", "", "box2", "Registers"),
    ("", "node16", "othstud", "Identification of new studies via other methods"),
    ("website_results", "node17", "box11", "Websites"),
    ("organisation_results", "", "box11", "Organisations"),
    ("citations_results", "", "box11", "Citation searching"),
    ("duplicates", "node8", "box3", "Duplicate records"),
    ("excluded_automatic", "", "box3", "Records marked as ineligible by automation tools"),
    ("excluded_other", "", "box3", "Records removed for other reasons"),
    ("records_screened", "node9", "box4", "Records screened"),
    ("records_excluded", "node10", "box5", "Records excluded"),
    ("dbr_sought_reports", "node11", "box6", "Reports sought for retrieval"),
    ("dbr_notretrieved_reports", "node12", "box7", "Reports not retrieved"),
    ("other_sought_reports", "node18", "box12", "Reports sought for retrieval"),
    ("other_notretrieved_reports", "node19", "box13", "Reports not retrieved"),
    ("dbr_assessed", "node13", "box8", "Reports assessed for eligibility"),
    ("dbr_excluded", "node14", "box9", "Reports excluded"),
    ("other_assessed", "node20", "box14", "Reports assessed for eligibility"),
    ("other_excluded", "node21", "box15", "Reports excluded"),
    ("new_studies", "node15", "box10", "New studies included in review"),
    ("new_reports", "", "box10", "Reports of new included studies"),
    ("total_studies", "node22", "box16", "Total studies included in review"),
    ("total_reports", "", "box16", "Reports of total included studies"),
    ("identification", "node1", "identification", "Identification"),
    ("screening", "node2", "screening", "Screening"),
    ("included", "node3", "included", "Included"),
)


def prisma_template(review: Review) -> pd.DataFrame:
    """Return the review's counts as the template of the PRISMA 2020 flow diagram.

    The template keeps two columns of boxes: a record that any database or register led to is counted in the first, all
    others in the second, which has no box for duplicates and for exclusion on titles; there, records that reach the
    last stage are those sought. Where the protocol seeks no full texts, the box says so. Sources of no kind of the
    template are counted with the websites, and the box says so. References that could not be read count as removed for
    other reasons.

    Returns
    -------
    DataFrame
        ``data node box description boxtext tooltips url n``, one row a box; reasons as ``reason, n; reason, n``,
        without commas of their own.

    References
    ----------
    Haddaway, N. R., Page, M. J., Pritchard, C. C., & McGuinness, L. A. (2022). PRISMA2020: An R package and Shiny app
    for producing PRISMA 2020-compliant flow diagrams. Campbell Systematic Reviews, 18, e1230 (the template's keys).
    """
    counts = {"previous_studies": 0, "previous_reports": 0, "excluded_automatic": 0, **_identified(review)}
    counts |= {key: value for column in ("dbr", "other") for key, value in _column(review, column).items()}
    counts |= {"total_studies": counts["new_studies"], "total_reports": counts["new_reports"]}
    other = bool((review.files["search_log"]["kind"] == "other").any())
    rows = []
    for key, node, box, label in BOXES:
        words = "Websites and other sources" if key == "website_results" and other else label
        if key.endswith("sought_reports") and not review.protocol.retrieval:
            words = "Reports at the last stage (no full text was sought)"
        rows.append((key, node, box, words, words, words, f"{key or box}.html", counts.get(key, "")))
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _identified(review: Review) -> dict[str, object]:
    """Count reports by kind of source, duplicates of the first column, and what could not be read."""
    log = review.files["search_log"]
    kinds = review.reports["export"].map(log.set_index("export")["kind"])
    first = _from_databases(review)
    names = {"database": "database", "register": "register", "organisation": "organisation", "citation": "citations"}
    n = {f"{name}_results": int((kinds == kind).sum()) for kind, name in names.items()}
    unread = pd.to_numeric(log["unread"], errors="coerce").sum() if "unread" in log else 0
    reports = int(kinds.isin(FROM_DATABASES).sum())
    included = included_records(review)
    return {
        **n,
        "website_results": int(kinds.isin(["website", "other"]).sum()),
        "duplicates": max(reports - int(first.sum()), 0),
        "excluded_other": int(unread),
        "new_studies": len(included),
        "new_reports": int(review.records.loc[included, "reports"].sum()),
    }


def _from_databases(review: Review) -> pd.Series[bool]:
    """Say of each record whether a database or register led to it."""
    kinds = review.reports["export"].map(review.files["search_log"].set_index("export")["kind"])
    found = set(review.reports.loc[kinds.isin(FROM_DATABASES), "record"])
    return pd.Series([name in found for name in review.records.index], index=review.records.index, dtype=bool)


def _column(review: Review, column: str) -> dict[str, object]:
    """Count the boxes of one column of the template."""
    first = _from_databases(review)
    members = first.index[first if column == "dbr" else ~first]
    table = stage_outcomes(review)
    table = table[table["record"].isin(members)]
    start, end = (table[table["stage"] == review.protocol.stage_ids[place]] for place in (0, -1))
    sought = end[end["outcome"] != NOT_REACHED]
    excluded = sought[sought["outcome"] == EXCLUDED]["reason"].map(review.protocol.exclusion_reasons).value_counts()
    missing = int((sought["outcome"] == NOT_RETRIEVED).sum())
    screened: dict[str, object] = {
        "records_screened": int((start["outcome"] != NOT_REACHED).sum()),
        "records_excluded": int((start["outcome"] == EXCLUDED).sum()),
    }
    boxes: dict[str, object] = {
        f"{column}_sought_reports": len(sought),
        f"{column}_notretrieved_reports": missing,
        f"{column}_assessed": len(sought) - missing,
        f"{column}_excluded": "; ".join(f"{str(reason).replace(',', '')}, {n}" for reason, n in excluded.items()) or 0,
    }
    return screened | boxes if column == "dbr" else boxes
