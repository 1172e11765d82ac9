r"""Tables in LaTeX, for the packages booktabs, siunitx, tabularx, graphicx, amsmath and amssymb.

Numbers stand in columns that siunitx aligns at the decimal marker. The size of type, and whether a table goes across
both columns of a page or is split, follows from an estimate of its width; should the estimate fail, the table is scaled
down to the width there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proofs_check.tables.fitting import FITS, Fitted, fitted
from proofs_check.tables.latex_cells import cell_text, format_of, groups_of, typeset
from proofs_check.tables.model import Number, Table
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

PREAMBLE = (
    r"\usepackage{amsmath,amssymb,booktabs,graphicx,siunitx,tabularx}",
    r"\sisetup{group-digits=none,retain-zero-uncertainty=true}",
)


def to_latex(table: Table, *, fit: str = "auto", label: str | None = None) -> str:
    r"""Return a table in LaTeX.

    Parameters
    ----------
    table : Table
        The table.
    fit : str
        ``column`` or ``text`` for a column or the text of an article, in parts where it must; ``auto`` for the first
        of these that it fits in one part; ``none`` for a table as wide as it is.
    label : str, optional
        Its label; by default ``tab:`` and its name.

    Raises
    ------
    InvalidArgument
        If it fits in no part; the message says what to drop.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_latex(table_of_texts("t", "a caption", ("head",), [("1 %",)])).split("\\centering")[1])
    <BLANKLINE>
    \caption{a caption}
    \label{tab:t}
    \smallskip
    \begin{tabular}{@{}l@{}}
    \toprule
    head \\
    \midrule
    1 \% \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    if fit not in FITS:
        raise InvalidArgument("fit", f"there is no fit {fit!r}", nearest(fit, FITS))
    label = f"tab:{table.name}" if label is None else label
    if not re.fullmatch(r"[\w:.+/-]+", label, re.ASCII):
        raise InvalidArgument("label", f"{label!r} is no label", "use letters, digits, and : . - _ only")
    found = fitted(table, fit)
    written = [
        _float(found, place, label if place == 0 else f"{label}-{place + 1}") for place in range(len(found.floats))
    ]
    return "\n".join(written)


def standalone(latex: str) -> str:
    r"""Return a document that compiles as it is and holds a table.

    Parameters
    ----------
    latex : str
        The table, as :func:`to_latex` returns it.

    Examples
    --------
    >>> print(standalone(r"\begin{table}...\end{table}").splitlines()[-1])
    \end{document}
    """
    head = "\n".join((r"\documentclass[twocolumn]{article}", *PREAMBLE, r"\begin{document}"))
    return f"{head}\n{latex}\n\\end{{document}}\n"


# --- what is written -------------------------------------------------------------------------------------------------


def _float(found: Fitted, place: int, label: str) -> str:
    panels, size = found.floats[place], found.size
    table = panels[0]
    environment = "table*" if found.across else "table"
    caption = typeset(table.caption)
    if len(found.floats) > 1:
        caption += f" (part {place + 1} of {len(found.floats)})"
    lines = [f"% {table.origin}", f"% needs {PREAMBLE[0]}"] if table.origin else []
    lines += [
        rf"\begin{{{environment}}}",
        r"\centering",
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        r"\smallskip",
    ]
    if not size.is_usual:
        lines += [size.command, rf"\setlength{{\tabcolsep}}{{{size.gap:g}pt}}"]
    for row, panel in enumerate(panels):
        body = _tabular(panel)
        lines += ["", r"\medskip"] if row else []
        lines += body if found.is_safe(panel) else _scaled(body)
    if table.notes:
        lines += ["", r"\smallskip", r"\footnotesize", *(f"{typeset(note)}\\par" for note in table.notes)]
    return "\n".join([*lines, rf"\end{{{environment}}}", ""])


def _scaled(body: list[str]) -> list[str]:
    """Put a table into a box that is scaled down if it is wider than the line, which it should not be."""
    return [
        r"\sbox0{%",
        *body[:-1],
        body[-1] + "}%",
        r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
    ]


def _tabular(table: Table) -> list[str]:
    shares = sum(column.share for column in table.columns)
    specs: list[str] = []
    aligned: list[bool] = []
    for place, column in enumerate(table.columns):
        spec = format_of([row[place] for row in table.rows])
        aligned.append(spec is not None)
        if column.share:
            part = column.share / shares * sum(1 for c in table.columns if c.share)
            specs.append(rf">{{\hsize={part:.3f}\hsize\linewidth=\hsize\raggedright\arraybackslash}}X")
        else:
            plain = "c" if any(isinstance(row[place], Number) for row in table.rows) else "l"
            specs.append(plain if spec is None else spec.text)
    columns = f"@{{}}{' '.join(specs)}@{{}}" if len(specs) > 1 else f"@{{}}{specs[0]}@{{}}"
    name = "tabularx" if shares else "tabular"
    width = r"{\linewidth}" if shares else ""
    lines = [rf"\begin{{{name}}}{width}{{{columns}}}", r"\toprule", *_heads(table, aligned), r"\midrule"]
    for place, row in enumerate(table.rows):
        if place in table.rules and place:
            lines.append(r"\addlinespace")
        lines.append(" & ".join(cell_text(c, on) for c, on in zip(row, aligned, strict=True)) + r" \\")
    return [*lines, r"\bottomrule", rf"\end{{{name}}}"]


def _heads(table: Table, aligned: Sequence[bool]) -> list[str]:
    lines = []
    groups = groups_of(table.columns)
    if any(group is not None for group, _ in groups):
        cells, rules, place = [], [], 1
        for group, places in groups:
            if group is None:
                cells += [""] * len(places)
            else:
                cells.append(rf"\multicolumn{{{len(places)}}}{{c}}{{{typeset(group)}}}")
                rules.append(rf"\cmidrule(lr){{{place}-{place + len(places) - 1}}}")
            place += len(places)
        lines += [" & ".join(cells) + r" \\", "".join(rules)]
    heads = [f"{{{typeset(c.head)}}}" if on else typeset(c.head) for c, on in zip(table.columns, aligned, strict=True)]
    if any(heads):
        lines.append(" & ".join(heads) + r" \\")
    return lines
