"""Sphinx extension: formulas as MathML, no script or style sheet from elsewhere, none that a page does not use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.config import Config

REMOTE = ("http:", "https:", "//")
TEMPLATES = Path(__file__).parent / "templates"
ICON_SCRIPT = re.compile(r"\s*<!--[^<]*-->\s*<script[^>]*/fontawesome\.js[^>]*></script>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer and the filter with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("html-page-context", keep_local_assets, priority=900)
    app.connect("config-inited", add_templates)
    app.connect("builder-inited", add_filter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_templates(_app: Sphinx, config: Config) -> None:
    """Put the layout of this folder before that of the theme."""
    config.templates_path = [*config.templates_path, str(TEMPLATES)]


def add_filter(app: Sphinx) -> None:
    """Let the layout leave out the script that draws the theme's icons: it holds two thousand, ten are used."""
    environment = getattr(getattr(app.builder, "templates", None), "environment", None)
    if environment is not None:
        environment.filters["without_icon_script"] = lambda head: ICON_SCRIPT.sub("", head)


def visit_inline(writer: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula of its own line, with its number when it has one."""
    number = _number(writer, node)
    writer.body.append(
        f'<div class="formula" tabindex="0"{_identifier(node)}>{convert(node.astext(), display="block")}{number}</div>'
    )
    raise nodes.SkipNode


def keep_local_assets(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Drop scripts and style sheets that a page would fetch from the network, and those that only start them."""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if not _is_remote(asset)]


def _is_remote(asset: Any) -> bool:
    """Say whether a script or style sheet lies outside the book or belongs to thebe, which runs code on a server."""
    name = str(getattr(asset, "filename", asset))
    body = str(getattr(asset, "attributes", {}).get("body", ""))
    return name.startswith(REMOTE) or "thebe" in f"{name} {body}".lower()


def _number(writer: Any, node: nodes.math_block) -> str:
    """Return the number of a labelled formula."""
    number = node.get("number")
    return f'<span class="eqno">({number})</span>' if number else ""


def _identifier(node: nodes.math_block) -> str:
    """Return the target a reference jumps to."""
    return f' id="{node["ids"][0]}"' if node.get("ids") else ""
