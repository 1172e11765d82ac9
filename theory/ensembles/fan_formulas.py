"""Variances as people write them: formulas in the fans, read without evaluating text as a program."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name

FANS = ("n_in", "n_out", "n")
"""The letters of a formula: the fans, and the width where all layers have the same."""
_ALIASES = {"fan_in": "n_in", "fan_out": "n_out"}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_SIGNS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}
_LARGEST_POWER, _LONGEST = 16, 200
_EXAMPLE = "use e.g. '2/n_in', '1/(3*n_in)', '2/(n_in + n_out)', or '2/n' at one width"

Tree = Any
"""A Fraction, a letter, or (operation, operands...)."""


@lru_cache(maxsize=256)
def read_formula(text: str) -> Tree:
    """Read a formula: numbers, the letters of the fans and others, + - * / and whole powers, sqrt and parentheses.

    Parameters
    ----------
    text : str
        The formula; ``^`` is a power, and ``fan_in`` another name of ``n_in``.

    Returns
    -------
    Fraction, str or tuple
        The formula as a tree, which :func:`formula_text` writes and :func:`formula_value` evaluates.

    Raises
    ------
    InvalidArgument
        If it cannot be read.

    Examples
    --------
    >>> read_formula("2/fan_in")
    ('/', Fraction(2, 1), 'n_in')
    """
    if len(text) > _LONGEST:
        raise InvalidArgument("init", f"{text[:40]!r}... is longer than {_LONGEST} letters", _EXAMPLE)
    python = text.strip().replace("^", "**")
    try:
        node = ast.parse(python, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidArgument("init", f"cannot read {text!r} as a name, a variance or a formula", _EXAMPLE) from None
    return _tree(node, python)


def _tree(node: ast.expr, text: str) -> Tree:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return exact_fraction("init", ast.get_source_segment(text, node))
        case ast.Name(id=name):
            return _ALIASES.get(name, name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _folded(("*", Fraction(-1), _tree(operand, text)))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = formula_value(_tree(right, text), {})
            if not isinstance(power, Fraction) or power.denominator > 1 or abs(power) > _LARGEST_POWER:
                problem = f"a power must be a whole number of at most {_LARGEST_POWER}, got {ast.unparse(right)}"
                raise InvalidArgument("init", problem, "use sqrt(...) for a root")
            return _folded(("**", _tree(left, text), power))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return _folded((_SIGNS[type(op)], _tree(left, text), _tree(right, text)))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return _folded(("sqrt", _tree(argument, text)))
    problem = f"{ast.unparse(node)!r} is no arithmetic of numbers and fans"
    raise InvalidArgument("init", problem, _EXAMPLE)


def _folded(tree: Tree) -> Tree:
    """Return the number that arithmetic of numbers is, so that what is written is read as the same tree."""
    if not all(isinstance(part, Fraction) for part in tree[1:]) or (tree[0] == "sqrt" and not _is_square(tree[1])):
        return tree
    return formula_value(tree, {})


def formula_letters(tree: Tree) -> Iterator[str]:
    """Yield the letters in a formula, in reading order.

    Examples
    --------
    >>> list(formula_letters(read_formula("s2/sqrt(n_in*n_out)")))
    ['s2', 'n_in', 'n_out']
    """
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for part in tree[1:]:
            yield from formula_letters(part)


def formula_text(tree: Tree) -> str:
    """Write a formula in the one way that equal trees have.

    Examples
    --------
    >>> formula_text(read_formula("2 / ( 3*fan_in )^2"))
    '2/(3*n_in)**2'
    """
    return _written(tree, 0)


def _written(tree: Tree, binds: int) -> str:
    if isinstance(tree, str):
        return tree
    if isinstance(tree, Fraction):
        text = str(tree)
        return f"({text})" if binds > 1 and ("/" in text or "-" in text) else text
    if tree[0] == "sqrt":
        return f"sqrt({_written(tree[1], 0)})"
    own = _BINDS[tree[0]]
    # what stands to the right of a minus or a slash needs brackets where the left does not
    text = f"{_written(tree[1], own + (own == 3))}{tree[0]}{_written(tree[2], own + 1)}"
    return f"({text})" if own < binds else text


def formula_value(tree: Tree, values: Mapping[str, Any]) -> Any:
    """Evaluate a formula by plain arithmetic, as exact as the values are.

    Parameters
    ----------
    tree : Fraction, str or tuple
        What :func:`read_formula` returned.
    values : mapping of str to int, Fraction or SymPy expression
        What the letters stand for.

    Raises
    ------
    InvalidArgument
        If a letter has no value, a divisor is 0, or a root is of no square.

    Examples
    --------
    >>> formula_value(read_formula("2/sqrt(n_in*n_out)"), {"n_in": 8, "n_out": 2})
    Fraction(1, 2)
    """
    if isinstance(tree, Fraction):
        return tree
    if isinstance(tree, str):
        if tree not in values:
            raise InvalidArgument("init", f"a formula may not have the letter {tree!r}", _EXAMPLE)
        value = values[tree]
        return Fraction(value) if isinstance(value, int) else value
    if tree[0] == "**":
        base, power = formula_value(tree[1], values), int(tree[2])
        if base == 0 and power < 0:
            raise InvalidArgument("init", f"{formula_text(tree)!r} divides by zero", _EXAMPLE)
        return base**power
    parts = [formula_value(part, values) for part in tree[1:]]
    if tree[0] == "sqrt":
        return root(parts[0])
    if tree[0] == "/" and parts[1] == 0:
        raise InvalidArgument("init", f"{formula_text(tree)!r} divides by zero", _EXAMPLE)
    return _OPERATORS[tree[0]](*parts)


def root(value: Any) -> Any:
    """Return the square root of a Fraction that is a square, or of a SymPy expression.

    Raises
    ------
    InvalidArgument
        If the root of a number is irrational.

    Examples
    --------
    >>> root(Fraction(9, 4))
    Fraction(3, 2)
    """
    if not isinstance(value, (int, Fraction)):
        return value ** Fraction(1, 2)
    exact = Fraction(value)
    if _is_square(exact):
        return Fraction(math.isqrt(exact.numerator), math.isqrt(exact.denominator))
    problem = f"sqrt({exact}) is {'no real number' if exact < 0 else 'irrational, and variances are exact'}"
    raise InvalidArgument("init", problem, "use widths whose products are squares, or a variance nearby, '1/32'")


def _is_square(value: Fraction) -> bool:
    parts = value.numerator, value.denominator
    return value >= 0 and all(math.isqrt(part) ** 2 == part for part in parts)


def read_gain(text: str) -> Fraction:
    """Read the square of a gain: a number, sqrt of one, or a name of ``torch.nn.init.calculate_gain``.

    Parameters
    ----------
    text : str
        ``5/3``, ``sqrt(2)``, ``tanh``, ``relu``, ``linear``, ``sigmoid``, ``selu`` or ``leaky:SLOPE``.

    Raises
    ------
    InvalidArgument
        If it is none of these, or not positive.

    Examples
    --------
    >>> read_gain("5/3"), read_gain("sqrt(2)"), read_gain("leaky:1/3")
    (Fraction(25, 9), Fraction(2, 1), Fraction(9, 5))
    """
    remedy = "use e.g. gain=5/3, gain=sqrt(2), gain=tanh or gain=leaky:1/100"
    name, _, slope = text.strip().lower().partition(":")
    if name in _GAINS and not slope:
        return _GAINS[name]
    if name in ("leaky", "leaky_relu"):
        return 2 / (1 + exact_fraction("init", slope or "1/100") ** 2)
    if is_symbol_name(name):
        raise InvalidArgument("init", f"there is no gain {text.strip()!r}", remedy)
    tree = read_formula(text)
    if any(True for _ in formula_letters(tree)):
        raise InvalidArgument("init", f"a gain is a number, got {text.strip()!r}", remedy)
    square = formula_value(tree[1], {}) if isinstance(tree, tuple) and tree[0] == "sqrt" else None
    gain = Fraction(1) if square is not None else formula_value(tree, {})
    if gain <= 0 or (square is not None and square <= 0):
        raise InvalidArgument("init", f"the gain must be positive, got {text.strip()}", remedy)
    return Fraction(gain**2 if square is None else square)


_GAINS = {
    **dict.fromkeys(("linear", "identity", "conv1d", "conv2d", "conv3d", "sigmoid"), Fraction(1)),
    "tanh": Fraction(25, 9),
    "relu": Fraction(2),
    "selu": Fraction(9, 16),
}
"""The squares of PyTorch's recommended gains."""
