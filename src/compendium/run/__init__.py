"""What is run by name: the command line, the graph of the study, and one notebook at a time."""

from __future__ import annotations

import sys

# ``nbformat`` loads ``jsonschema``, which builds a grammar of web addresses in 1.8 s wherever it finds one installed;
# no notebook of the study has such an address to check.
NO_GRAMMAR = {"rfc3987_syntax": None}
sys.modules.update(NO_GRAMMAR)  # type: ignore[arg-type]
