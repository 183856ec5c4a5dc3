"""The rapid evidence review as data: from exported references to counts, agreement, maps, and a thread to every item.

A review is one folder of plain files (``evidence`` of a framework): the protocol, the exports, the register of records,
the decisions of every pass, the coding frame and the codes. Nothing is counted by hand.
"""

from __future__ import annotations

from compendium.review.appraisal import appraisal_by_record, appraisal_summary, judgements
from compendium.review.changes import accepted_snapshot, accepted_support, changes_between, snapshot, support_lost
from compendium.review.coding import (
    characteristics,
    code_counts,
    code_matrix,
    coded,
    consensus,
    evidence_map,
    open_codes,
    records_of,
    saturation,
)
from compendium.review.deduplication import Deduplicated, deduplicate
from compendium.review.exports import read_export, read_exports
from compendium.review.loading import (
    Review,
    facets_and_codes,
    has_appraised,
    has_coded,
    joins_by_evidence,
    load_review,
)
from compendium.review.prisma_template import prisma_template
from compendium.review.protocol import Protocol
from compendium.review.rater_agreement import agreement_of_two, coding_agreement, facet_agreement, screening_agreement
from compendium.review.reporting import checklist_links, heading_target, headings_of, protocol_table
from compendium.review.screening import (
    Flow,
    FlowDoesNotAddUp,
    adjudicated_conflicts,
    exclusion_reasons,
    final_outcomes,
    included_records,
    inclusion_by_order,
    open_conflicts,
    prisma_flow,
    search_log,
    stage_outcomes,
    workload,
)
from compendium.review.thread import (
    evidence_without_items,
    item_thread,
    items_without_evidence,
    supported_by_theme,
    thread_of_competencies,
    thread_of_items,
    thread_of_records,
)

__all__ = [
    "Deduplicated",
    "Flow",
    "FlowDoesNotAddUp",
    "Protocol",
    "Review",
    "accepted_snapshot",
    "accepted_support",
    "adjudicated_conflicts",
    "agreement_of_two",
    "appraisal_by_record",
    "appraisal_summary",
    "changes_between",
    "characteristics",
    "checklist_links",
    "code_counts",
    "code_matrix",
    "coded",
    "coding_agreement",
    "consensus",
    "deduplicate",
    "evidence_map",
    "evidence_without_items",
    "exclusion_reasons",
    "facet_agreement",
    "facets_and_codes",
    "final_outcomes",
    "has_appraised",
    "has_coded",
    "heading_target",
    "headings_of",
    "included_records",
    "inclusion_by_order",
    "item_thread",
    "items_without_evidence",
    "joins_by_evidence",
    "judgements",
    "load_review",
    "open_codes",
    "open_conflicts",
    "prisma_flow",
    "prisma_template",
    "protocol_table",
    "read_export",
    "read_exports",
    "records_of",
    "saturation",
    "screening_agreement",
    "search_log",
    "snapshot",
    "stage_outcomes",
    "support_lost",
    "supported_by_theme",
    "thread_of_competencies",
    "thread_of_items",
    "thread_of_records",
    "workload",
]
