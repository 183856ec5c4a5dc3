"""Several cohorts of one framework beside one another (notebook comparison)."""
