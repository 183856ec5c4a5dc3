"""What feedback may say about people, teams and an organisation, as data (notebook 09); worded in ``report``."""

from compendium.steps.feedback.evidence import Evidence, OwnView, PeerView, gather
from compendium.steps.feedback.people import ItemRow, PersonFindings, ProfileRow, findings_of_person
from compendium.steps.feedback.rater_groups import RaterBlock
from compendium.steps.feedback.standing import clearly_highest, clearly_lowest, stand_out

__all__ = [
    "Evidence",
    "ItemRow",
    "OwnView",
    "PeerView",
    "PersonFindings",
    "ProfileRow",
    "RaterBlock",
    "clearly_highest",
    "clearly_lowest",
    "findings_of_person",
    "gather",
    "stand_out",
]
