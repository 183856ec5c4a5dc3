"""Planning the next cohort from this one: people, peers and clusters for a wanted precision or power (notebook 10)."""
