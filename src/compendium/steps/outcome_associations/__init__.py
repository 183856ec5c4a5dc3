"""How competencies go with outcomes, and what becomes of the claims (notebook 08)."""
