"""The form of a question about a closed form: values for its letters, and no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proofs_check.answers.notation import Notation


def shown(value: Any) -> str:
    """Return the value of a letter as it may be typed.

    Examples
    --------
    >>> import sympy as sp
    >>> shown(sp.Rational(1, 2)), shown((sp.Integer(1),)), shown((sp.Integer(1), sp.Integer(-2)))
    ('1/2', '(1)', '(1,-2)')
    """
    if isinstance(value, tuple):
        return f"({','.join(map(shown, value))})"
    return str(value).replace(" ", "")


@dataclass(frozen=True)
class LetterQuery:
    """What is asked.

    Parameters
    ----------
    quantity : str
        The name of the closed form.
    left : Notation
        The left-hand side of the answer.
    values : mapping of str to SymPy expression or tuple
        The value of each letter.
    digits : int or None
        How many decimal digits are to be enclosed; None asks for a float.
    source : str
        The paper, and the place in it.
    """

    quantity: str
    left: Notation
    values: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None
    source: str = ""

    @property
    def described(self) -> str:
        """The values of letters that have one, on one line.

        Examples
        --------
        >>> import sympy as sp
        >>> LetterQuery("linear2.distance-law", Notation("", ""), {"h": sp.Integer(16), "a": sp.Symbol("a")}).described
        'h=16'
        """
        known = {name: value for name, value in self.values.items() if isinstance(value, tuple) or value.is_number}
        return " ".join(f"{name}={shown(value)}" for name, value in known.items())
