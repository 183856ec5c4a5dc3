"""How each item works, and which items are kept (notebook 04)."""
