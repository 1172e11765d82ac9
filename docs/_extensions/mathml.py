"""Formulas as MathML, made when the site is built: a browser sets them on its own, without a script or a font."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from proofs_check.reporting.formulas import Formula, typeset

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LOG = logging.getLogger(__name__)


def block(formula: Formula) -> str:
    """Return a formula in lines of its own, which break between its parts where the page is narrow.

    Parameters
    ----------
    formula : Formula
        The formula.

    Returns
    -------
    str
        HTML.
    """
    if not formula.lines:
        return f'<pre class="claim">{html.escape(formula.latex)}</pre>'
    lines = ("<div>" + " ".join(f"<span>{''.join(part)}</span>" for part in line) + "</div>" for line in formula.lines)
    return f'<div class="claim" tabindex="0" role="group" aria-label="Formula">{"".join(lines)}</div>'


def _visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(f'<span class="formula">{_typeset(node).inline}</span>')
    raise nodes.SkipNode


def _visit_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(block(_typeset(node)))
    raise nodes.SkipNode


def _typeset(node: nodes.Element) -> Formula:
    formula = typeset(node.astext().strip())
    if not formula.lines:
        _LOG.info("no MathML for %s", formula.latex)
    return formula


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer, which conf.py asks for by its name."""
    app.add_html_math_renderer("mathml", inline_renderers=(_visit_inline, None), block_renderers=(_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
