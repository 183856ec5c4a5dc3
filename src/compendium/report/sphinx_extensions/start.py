"""Start jupyter-book, with as many processes as the environment variable ``WORKERS_OF_BOOK`` says.

Without the grammar of web addresses that ``jsonschema`` builds in 1.8 s and no notebook needs, with few searches for
garbage among millions of small objects that are all in use, and with one look at what the environment offers as
plugins, where each reference would look again.
"""

from __future__ import annotations

import functools
import gc
import importlib.metadata
import os
import sys
from typing import Any

import importlib_metadata

from compendium.children import end_with_starter

JOBS = "WORKERS_OF_BOOK"


def main() -> None:
    """Run the command line of jupyter-book."""
    end_with_starter()
    gc.set_threshold(200_000, 20, 100)
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    for offers in (importlib.metadata, importlib_metadata):
        offers.entry_points = functools.cache(offers.entry_points)  # type: ignore[attr-defined]
    import jupyter_book.sphinx
    import sphinx_multitoc_numbering
    from jupyter_book.cli.main import main as command_line

    # It numbers headings once all pages are read, and does not say that they may be read side by side.
    sphinx_multitoc_numbering.setup = functools.partial(_safe, sphinx_multitoc_numbering.setup)
    build, jobs = jupyter_book.sphinx.build_sphinx, int(os.environ.get(JOBS, "1"))
    jupyter_book.sphinx.build_sphinx = functools.partial(build, jobs=jobs)
    command_line()


def _safe(setup: Any, app: Any) -> dict[str, Any]:
    """Set an extension up and say that pages may be read and written side by side."""
    return {**(setup(app) or {}), "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
