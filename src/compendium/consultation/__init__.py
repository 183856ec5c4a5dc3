"""The consultation as data: what focus groups said about the items, and how relevant and clear raters found them."""

from __future__ import annotations

from compendium.consultation.content_validity import (
    ScaleContentValidity,
    content_validity_ratio,
    critical_content_validity_ratio,
    item_content_validity,
    item_verdicts,
    kappa_label,
    scale_content_validity,
    scales_content_validity,
)
from compendium.consultation.loading import (
    Consultation,
    ConsultationDescription,
    change_log,
    comment_counts,
    load_consultation,
)
from compendium.consultation.synthetic import write_synthetic_consultation

__all__ = [
    "Consultation",
    "ConsultationDescription",
    "ScaleContentValidity",
    "change_log",
    "comment_counts",
    "content_validity_ratio",
    "critical_content_validity_ratio",
    "item_content_validity",
    "item_verdicts",
    "kappa_label",
    "load_consultation",
    "scale_content_validity",
    "scales_content_validity",
    "write_synthetic_consultation",
]
