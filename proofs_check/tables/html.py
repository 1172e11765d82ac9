"""Tables in HTML: a fragment for a page of one's own, its formulas in MathML."""

from __future__ import annotations

import re
from html import escape
from importlib.util import find_spec

from proofs_check.reporting.formulas import typeset as formula
from proofs_check.tables.model import Cell, Number, Table, Text
from proofs_check.tables.prose import typeset_prose
from theory.ensembles import InvalidArgument

_FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$")
_UNESCAPED = {r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~", r"\textbar{}": "|",
              r"\textless{}": "<", r"\textgreater{}": ">", r"\allowbreak ": "", r"\,": "\u2009"}  # fmt: skip


def to_html(table: Table) -> str:
    """Return a table in HTML.

    Parameters
    ----------
    table : Table
        The table.

    Raises
    ------
    InvalidArgument
        If the package that writes MathML is not installed.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_html(table_of_texts("t", "a caption", ("head",), [("1",)])), end="")
    <table id="t">
    <caption>a caption</caption>
    <thead>
    <tr><th scope="col">head</th></tr>
    </thead>
    <tbody>
    <tr><td>1</td></tr>
    </tbody>
    </table>
    """
    if find_spec("latex2mathml") is None:
        problem = "formulas in HTML need latex2mathml"
        raise InvalidArgument("format", problem, "in the clone: pip install '.[report]'; or use --format markdown")
    lines = [f'<table id="{escape(table.name)}">', f"<caption>{_shown(table.caption)}</caption>", "<thead>"]
    lines += _group_row(table)
    lines.append("<tr>" + "".join(f'<th scope="col">{_shown(c.head)}</th>' for c in table.columns) + "</tr>")
    lines += ["</thead>", "<tbody>"]
    for row in table.rows:
        cells = []
        for column, cell in zip(table.columns, row, strict=True):
            tag, scope = ("th", ' scope="row"') if column.is_stub else ("td", "")
            cells.append(f"<{tag}{scope}>{_cell(cell)}</{tag}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append("</tbody>")
    if table.notes:
        notes = "<br>".join(map(_shown, table.notes))
        lines.append(f'<tfoot><tr><td colspan="{len(table.columns)}">{notes}</td></tr></tfoot>')
    return "\n".join([*lines, "</table>", ""])


def _group_row(table: Table) -> list[str]:
    if all(column.group is None for column in table.columns):
        return []
    cells: list[tuple[Text | None, int]] = []
    for column in table.columns:
        if cells and column.group is not None and cells[-1][0] == column.group:
            cells[-1] = (column.group, cells[-1][1] + 1)
        else:
            cells.append((column.group, 1))
    shown = (
        "<td></td>" if group is None else f'<th scope="colgroup" colspan="{count}">{_shown(group)}</th>'
        for group, count in cells
    )
    return [f"<tr>{''.join(shown)}</tr>"]


def _cell(cell: Cell) -> str:
    if not isinstance(cell, Number):
        return _shown(cell)
    power = re.fullmatch(r"(.+)e(-?)(\d+)", cell.written)
    if power is None or cell.is_bounds:
        return escape(cell.written)
    sign = "−" if power[2] else ""
    return f"{escape(power[1])}·10<sup>{sign}{power[3]}</sup>"


def _shown(text: Text) -> str:
    latex = typeset_prose(text.plain) if text.latex is None else text.latex
    out, end = [], 0
    for found in _FORMULA.finditer(latex):
        out += [_plain(latex[end : found.start()]), formula(found[1]).inline]
        end = found.end()
    return "".join([*out, _plain(latex[end:])])


def _plain(latex: str) -> str:
    for command, letter in _UNESCAPED.items():
        latex = latex.replace(command, letter)
    return escape(re.sub(r"\\([_%&#${}])", r"\1", latex))
