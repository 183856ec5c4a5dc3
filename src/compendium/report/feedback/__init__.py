"""One-page feedback for a person or a team: what is shown is decided here, with disclosure control."""

from compendium.report.feedback.profiles import Profile, Row, individual_profile, specimen_profile, team_profile
from compendium.report.feedback.render import render

__all__ = ["Profile", "Row", "individual_profile", "render", "specimen_profile", "team_profile"]
