r"""What stands left of an answer's equation, in plain text and in LaTeX.

>>> left = mean_power(activation(3), 4)
>>> left.plain, left.latex
('E|a_3|^4', '\\mathbb{E}\\left|a_{3}\\right|^{4}')
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Layer = int | str


@dataclass(frozen=True)
class Notation:
    """One thing in two notations.

    Parameters
    ----------
    plain : str
        As plain text.
    latex : str
        As LaTeX.
    """

    plain: str
    latex: str


def activation(layer: Layer) -> Notation:
    """Return a_k."""
    return Notation(f"a_{layer}", f"a_{{{layer}}}")


def output() -> Notation:
    """Return f."""
    return Notation("f", "f")


def gradient(layer: Layer) -> Notation:
    """Return df/dW_k."""
    return Notation(f"df/dW_{layer}", rf"\partial f/\partial W_{{{layer}}}")


def bias_gradient(layer: Layer) -> Notation:
    """Return df/db_k."""
    return Notation(f"df/db_{layer}", rf"\partial f/\partial b_{{{layer}}}")


def block(first: Layer, last: Layer) -> Notation:
    """Return the block of the Hessian that belongs to two layers."""
    return Notation(f"d^2f/dW_{first} dW_{last}", rf"\partial^2 f/\partial W_{{{first}}}\partial W_{{{last}}}")


def square(vector: Notation) -> Notation:
    """Return the squared norm of a vector."""
    return Notation(f"|{vector.plain}|^2", f"|{vector.latex}|^2")


def frobenius_square(matrix: Notation) -> Notation:
    """Return the squared Frobenius norm of a matrix."""
    return Notation(f"|{matrix.plain}|_F^2", f"|{matrix.latex}|_F^2")


def mean_power(vector: Notation, order: int | Fraction, *, given_survival: bool = False) -> Notation:
    r"""Return E|vector|^order, of any real order, given that the vector is not 0 where negative orders need it.

    Examples
    --------
    >>> mean_power(activation("L"), Fraction(-1, 2), given_survival=True).plain
    'E[|a_L|^(-1/2) | a_L != 0]'
    """
    plain, raised = f"|{vector.plain}|{power_text(order)}", rf"\left|{vector.latex}\right|" + _latex_power(order)
    return _mean(vector, plain, raised, given_survival)


def _mean(of: Notation, plain: str, latex: str, given_survival: bool) -> Notation:
    if given_survival:
        given = rf"\mid {of.latex}\neq0"
        return Notation(f"E[{plain} | {of.plain} != 0]", rf"\mathbb{{E}}\left[{latex}{given}\right]")
    return Notation(f"E{plain}", rf"\mathbb{{E}}{latex}")


def power_text(order: int | Fraction) -> str:
    """Return the exponent as plain text, with the sign for a power; nothing for 1.

    Examples
    --------
    >>> [power_text(order) for order in (1, 4, -1, Fraction(3, 2))]
    ['', '^4', '^(-1)', '^(3/2)']
    """
    if order == 1:
        return ""
    return f"^{order}" if order == int(order) and order >= 0 else f"^({order})"


def _latex_power(order: int | Fraction) -> str:
    return "" if order == 1 else f"^{{{order}}}"


def mean_frobenius_power(matrix: Notation, order: int | Fraction, *, given_survival: bool = False) -> Notation:
    """Return E|matrix|_F^order, as :func:`mean_power`."""
    plain, raised = f"|{matrix.plain}|_F{power_text(order)}", rf"\left|{matrix.latex}\right|{_latex_power(order)}_F"
    return _mean(matrix, plain, raised, given_survival)


def kurtosis(vector: Notation) -> Notation:
    """Return E|vector|^4/(E|vector|^2)^2."""
    fourth, second = mean_power(vector, 4), square(vector)
    return Notation(
        f"{fourth.plain}/(E{second.plain})^2", rf"\frac{{{fourth.latex}}}{{(\mathbb{{E}}{second.latex})^2}}"
    )


def of_two(operator: str, first: Notation, last: Notation) -> Notation:
    """Return Cov(first, last), or another operator of two."""
    return Notation(
        f"{operator}({first.plain}, {last.plain})", rf"\operatorname{{{operator}}}({first.latex}, {last.latex})"
    )


def log_moment(operator: str, squared: Notation, alive: Notation | None) -> Notation:
    r"""Return the mean or the variance of the logarithm of a squared norm, given survival if there is any death.

    Parameters
    ----------
    operator : str
        ``"E"`` or ``"Var"``.
    squared : Notation
        What the logarithm is taken of.
    alive : Notation or None
        What is not 0 in a network that survives; None if all survive.

    Examples
    --------
    >>> log_moment("Var", square(activation("L")), activation("L")).plain
    'Var[log|a_L|^2 | a_L != 0]'
    """
    symbol = r"\mathbb{E}" if operator == "E" else rf"\operatorname{{{operator}}}"
    given = Notation("", "") if alive is None else Notation(f" | {alive.plain} != 0", rf"\mid {alive.latex}\neq0")
    return Notation(
        f"{operator}[log{squared.plain}{given.plain}]", rf"{symbol}\left[\log{squared.latex}{given.latex}\right]"
    )


def step_ratio() -> Notation:
    """Return what one layer multiplies the squared norm by."""
    return Notation("(|a_k|^2/|a_(k-1)|^2)", r"\frac{|a_k|^2}{|a_{k-1}|^2}")


def quantile(p: Fraction, of: Notation) -> Notation:
    r"""Return the p-quantile of something; at 1/2 it is the median.

    Examples
    --------
    >>> print(quantile(Fraction(1, 2), square(activation(2))).latex)
    q_{1/2}\left(|a_{2}|^2\right)
    """
    name = "median" if p == Fraction(1, 2) else f"{p}-quantile"
    return Notation(f"{name} of {of.plain}", rf"q_{{{p}}}\left({of.latex}\right)")


def kept_norm(layer: Layer, c: Fraction) -> Notation:
    """Return P(|a_k|^2 >= c |x|^2), for a number c."""
    a = square(activation(layer))
    plain = f"P({a.plain} >= {c}*|x|^2)"
    return Notation(plain, rf"\mathbb{{P}}\left({a.latex}\ge{c}\,|x|^2\right)")


def kept_gradient(layer: Layer, c: Fraction) -> Notation:
    """Return P(|df/dW_k|_F^2 >= c |x|^2), for a number c."""
    size = frobenius_square(gradient(layer))
    return Notation(f"P({size.plain} >= {c}*|x|^2)", rf"\mathbb{{P}}\left({size.latex}\ge{c}\,|x|^2\right)")


def upper_bound(probability: Notation) -> Notation:
    r"""Return what stands for a bound on a probability.

    Examples
    --------
    >>> print(upper_bound(kept_norm(3, Fraction(1, 2))).plain)
    bound on P(|a_3|^2 >= 1/2*|x|^2)
    """
    return Notation(f"bound on {probability.plain}", rf"\overline{{{probability.latex}}}")
