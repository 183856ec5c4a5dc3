"""Loads the modules that the environment names, as far as they can be: what is forked then has them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from compendium.run.forked import NAMED_BY

# The grammar of web addresses that ``jsonschema`` builds in more than a second and no notebook needs.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
for _name in os.environ.pop(NAMED_BY, "").split():
    with suppress(Exception):  # whoever needs it says what is wrong
        __import__(_name)
