"""How far peers agree with each other and with the person (notebook 07)."""
