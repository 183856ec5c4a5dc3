"""The same meaning across groups, and differences between groups (notebook 06)."""
