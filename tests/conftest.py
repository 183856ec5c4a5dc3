"""What every test shares: examples that a busy machine may take its time over."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
