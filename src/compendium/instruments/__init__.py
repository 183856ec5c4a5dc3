"""The questionnaire of a framework, written for the tool people use; item names travel, so that answers find home."""

from compendium.instruments.questionnaire import FormQuestion, FormSection, Option, Questionnaire, questionnaire
from compendium.instruments.writing import TOOLS, Written, write_instrument

__all__ = [
    "TOOLS",
    "FormQuestion",
    "FormSection",
    "Option",
    "Questionnaire",
    "Written",
    "questionnaire",
    "write_instrument",
]
