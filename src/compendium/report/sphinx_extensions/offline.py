"""Sphinx extension: formulas as MathML, no script or style sheet from elsewhere."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

REMOTE = ("http:", "https:", "//")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer and the filter with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("html-page-context", keep_local_assets, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


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
