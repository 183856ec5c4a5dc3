"""The consultation as data: what focus groups said about the items, and how relevant and clear raters found them."""

from __future__ import annotations

from compendium.consultation.loading import (
    Consultation,
    ConsultationDescription,
    change_log,
    comment_counts,
    load_consultation,
)
from compendium.consultation.synthetic import write_synthetic_consultation
from compendium.consultation.verdicts import item_verdicts, scales_content_validity
from psychometrics.content_validity import content_validity_ratio, item_content_validity, scale_content_validity

__all__ = [
    "Consultation",
    "ConsultationDescription",
    "change_log",
    "comment_counts",
    "content_validity_ratio",
    "item_content_validity",
    "item_verdicts",
    "load_consultation",
    "scale_content_validity",
    "scales_content_validity",
    "write_synthetic_consultation",
]
