"""The questionnaire of a framework, written for the tool people use; item names travel, so that answers find home."""

from compendium.instruments.questionnaire import Option, Question, Questionnaire, Section, questionnaire
from compendium.instruments.writing import TOOLS, write_instrument

__all__ = ["TOOLS", "Option", "Question", "Questionnaire", "Section", "questionnaire", "write_instrument"]
