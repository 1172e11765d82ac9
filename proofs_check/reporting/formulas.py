"""LaTeX as MathML, which a browser sets on its own: by latex2mathml, with bars, spaces and breaks as TeX has them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from xml.etree.ElementTree import fromstring, tostring

from proofs_check.reporting.pieces import Unreadable, pieces_of
from proofs_check.reporting.spacing import set_row


@dataclass(frozen=True)
class Formula:
    """A formula in lines, each in parts that had best stay whole, these in pieces between which they may be broken.

    Parameters
    ----------
    latex : str
        What was typeset.
    lines : tuple of tuples of tuples of str
        The parts of each line, and the pieces of each part, each one MathML element; none where the LaTeX cannot be
        read.
    """

    latex: str
    lines: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def inline(self) -> str:
        """HTML of the formula within a line of text; LaTeX that cannot be read stays as it is."""
        pieces = "".join(piece for line in self.lines for part in line for piece in part)
        if not pieces:
            return f'<code class="latex">{escape(self.latex)}</code>'
        return pieces.replace('displaystyle="true"', 'displaystyle="false"')


def typeset(latex: str) -> Formula:
    r"""Return a formula as MathML: lines end at its ``\quad``, parts at a comma; pieces begin at relations and signs.

    Parameters
    ----------
    latex : str
        A formula, without dollars.

    Returns
    -------
    Formula
        Without lines where a command is unknown, or braces do not match.

    Examples
    --------
    >>> formula = typeset(r"\mathbb E|a_L|^2 = |x|^2,\quad L\ge1")
    >>> [[len(part) for part in line] for line in formula.lines]
    [[2], [2]]
    >>> typeset(r"\nonsense{x}").lines
    ()
    """
    try:
        lines = tuple(
            tuple(tuple(_mathml(piece, i > 0) for i, piece in enumerate(part)) for part in line)
            for line in pieces_of(latex)
        )
    except Unreadable:
        return Formula(latex, ())
    return Formula(latex, lines)


_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'


def _mathml(piece: str, continues: bool) -> str:
    from latex2mathml.converter import convert

    try:
        math = fromstring(convert(piece, display="block").replace(_NAMESPACE, ""))  # HTML knows the element without it
    except Exception as error:  # it has many errors of its own
        raise Unreadable from error
    if "\\" in "".join(math.itertext()):
        raise Unreadable
    math.attrib = {"displaystyle": "true"}
    for row in list(math):
        set_row(row, in_script=False, continues=continues)
    return tostring(math, encoding="unicode")
