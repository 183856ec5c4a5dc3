"""What a study hands over: manuscript, brief, workbook, data with codebooks, scripts for reviewers, a deposit."""

from compendium.report.deliver.hand_over import DELIVER, deliver

__all__ = ["DELIVER", "deliver"]
