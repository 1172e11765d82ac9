"""What a claim means: its two sides as formulas, in which each statistic of the network is a letter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sympy as sp

from proofs_check.claims.arithmetic import Arithmetic, read_formula
from proofs_check.claims.matrices import Matrices
from proofs_check.claims.random_numbers import (
    Activation,
    Exceedance,
    Gradient,
    HessianBlock,
    InnerProduct,
    LargestEigenvalue,
    LeastEigenvalue,
    LogCumulant,
    MatrixExpectation,
    Moment,
    Output,
    Quantile,
    RandomNumber,
    Statistic,
    WeightProduct,
    WholeHessian,
)
from proofs_check.claims.spelling import Spelled
from proofs_check.claims.syntax import Node, parse_claim
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.moments.two_inputs import COSINE

LAYER_LETTERS = ("j", "k", "l", "m")
"""Letters that stand for layers, wherever the network does not use them for something else."""

SECOND_NORM = sp.Symbol("norm_y", positive=True)
"""|x'|, the norm of the second input."""


@dataclass(frozen=True)
class Meaning:
    """A claim, understood.

    Parameters
    ----------
    relation : str
        One of <=, >=, =, <, >, ~.
    left, right : sympy.Expr
        The two sides.
    remainder : sympy.Expr or None
        What stands in O(...) on the right side.
    statistics : mapping of letter to Statistic
        What the letters in the two sides stand for that are no letters of the claim.
    mentions_input : bool
        Whether |x| occurs; if it does not, |x| = 1 is assumed.
    source : Spelled
        The claim's text.
    """

    relation: str
    left: sp.Expr
    right: sp.Expr
    remainder: sp.Expr | None
    statistics: dict[sp.Symbol, Statistic]
    mentions_input: bool
    source: Spelled

    @property
    def letters(self) -> set[sp.Symbol]:
        """The letters of the claim: sizes, layers, parameters."""
        remainder = self.remainder.free_symbols if self.remainder is not None else set()
        free = self.left.free_symbols | self.right.free_symbols | remainder
        inside = {letter for statistic in self.statistics.values() for letter in statistic.letters}
        return set(free - set(self.statistics)) | inside

    def layers(self) -> set[sp.Expr]:
        """Return the layers that the statistics speak of."""
        return {
            layer for statistic in self.statistics.values() for number in statistic.numbers for layer in number.layers
        }

    def written(self, side: sp.Expr) -> str:
        """Return a side as text, with its statistics as they are written in claims."""
        raised = {node.base for node in side.atoms(sp.Pow)}
        names = {
            letter: sp.Symbol(f"({statistic.text})" if letter in raised else statistic.text)
            for letter, statistic in self.statistics.items()
        }
        return shown(side.xreplace(names))


def shown(expression: sp.Expr) -> str:
    """Return a formula as it would be typed into a claim.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> shown(symbols.norm_symbol(2) ** 4 * (1 + 5 / n) ** L)
    '|x|^4*(1 + 5/n)^L'
    """
    text = str(expression).replace("**", "^").replace("norm_x", "|x|").replace("norm4_x", "|x|_4")
    return text.replace("norm_y", "|x'|")


def understand(claim: str, net: Ensemble, matrices: Matrices | None = None) -> Meaning:
    """Read a claim about the networks of an ensemble.

    Parameters
    ----------
    claim : str
        The claim.
    net : Ensemble
        The networks; the names of its sizes and parameters are the letters that the claim may use.
    matrices : Matrices, optional
        The matrices of a claim about expectations of matrix products.

    Raises
    ------
    InvalidArgument
        If the claim cannot be read, or has letters or quantities that are not known; a caret shows where.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> meaning = understand("E|a_L|^4 = (1+5/n)^L |x|^4", net)
    >>> meaning.written(meaning.left), meaning.right
    ('E|a_L|^4', norm_x**4*(1 + 5/n)**L)
    """
    root, source = parse_claim(claim)
    reader = _Reader(net, source, matrices)
    left = reader.scalar(root.parts[0])
    right, remainder = reader.right_side(root.parts[1])
    if not reader.statistics and matrices is None:
        problem = "says nothing about a random network"
        remedy = "put e.g. E|a_L|^2, median log|a_L|^2 or P(|a_L| > 0) on the left side"
        raise source.refused(root.parts[0].start, problem, remedy)
    if remainder is not None and root.value != "=":
        raise source.refused(root.parts[1].start, "O(...) belongs to an equation", "write e.g. A = B + O(1/n)")
    return Meaning(root.value, left, right, remainder, reader.statistics, reader.mentions_input, source)


Powers = tuple[tuple[RandomNumber, Any], ...]
"""A product of powers of random numbers, in the order of their texts."""


@dataclass(frozen=True)
class _Random:
    """A polynomial in random numbers plus logarithms of them.

    Parameters
    ----------
    terms : mapping
        The coefficient of each product of powers; () stands for 1.
    logs : mapping
        The coefficient of the logarithm of each number.
    """

    terms: Mapping[Powers, sp.Expr] = field(default_factory=dict)
    logs: Mapping[RandomNumber, sp.Expr] = field(default_factory=dict)

    @property
    def constant(self) -> sp.Expr:
        return self.terms.get((), sp.S.Zero)

    @property
    def is_constant(self) -> bool:
        return not self.logs and all(not powers for powers in self.terms)

    @property
    def monomial(self) -> tuple[Powers, sp.Expr] | None:
        """The only term, if there is one."""
        if self.logs or len(self.terms) != 1:
            return None
        return next(iter(self.terms.items()))

    def plus(self, other: _Random) -> _Random:
        terms, logs = dict(self.terms), dict(self.logs)
        for powers, coefficient in other.terms.items():
            terms[powers] = terms.get(powers, sp.S.Zero) + coefficient
        for number, coefficient in other.logs.items():
            logs[number] = logs.get(number, sp.S.Zero) + coefficient
        return _Random(
            {powers: c for powers, c in terms.items() if c != 0}, {number: c for number, c in logs.items() if c != 0}
        )

    def times(self, factor: sp.Expr) -> _Random:
        return _Random(
            {powers: factor * c for powers, c in self.terms.items()},
            {number: factor * c for number, c in self.logs.items()},
        )

    def multiplied(self, other: _Random) -> _Random:
        out = _Random()
        for powers, coefficient in self.terms.items():
            for others, factor in other.terms.items():
                out = out.plus(_Random({_merged(powers, others): coefficient * factor}))
        return out


def _merged(left: Powers, right: Powers) -> Powers:
    powers: dict[RandomNumber, Any] = dict(left)
    for number, power in right:
        powers[number] = powers.get(number, sp.S.Zero) + power
    return tuple(sorted(((n, p) for n, p in powers.items() if p != 0), key=lambda item: item[0].text))


def letters_of(net: Ensemble) -> dict[str, sp.Expr]:
    """Return what the letters of a claim stand for.

    Parameters
    ----------
    net : Ensemble
        The networks.

    Examples
    --------
    >>> letters_of(Ensemble(width="n", depth=4))["L"]
    4
    """
    known: dict[str, sp.Expr] = {"beta": symbols.BETA, "c": COSINE}
    known |= {letter: symbols.whole(letter) for letter in LAYER_LETTERS}
    known |= {"L": symbols.whole(net.depth), "K": symbols.number(net.law.kurtosis)}
    if net.is_constant_width:
        assert net.width is not None
        known["n"] = symbols.whole(net.width)
    if net.activation not in ("linear", "relu"):
        known["alpha"] = symbols.slope(net)
    if net.is_constant_width and net.has_independent_entries:
        known["sigma"] = sp.sqrt(symbols.variance(net, 1))
    sizes = [size for size in (net.widths or (net.width,)) if isinstance(size, str)]
    sizes += [net.depth] if isinstance(net.depth, str) else []
    known |= {name: symbols.whole(name) if name in sizes else symbols.number(name) for name in net.symbols}
    return known


class _Reader(Arithmetic):
    def __init__(self, net: Ensemble, source: Spelled, matrices: Matrices | None) -> None:
        super().__init__(source, {**letters_of(net), **(matrices.letters if matrices else {})})
        self.net, self.matrices = net, matrices
        self.statistics: dict[sp.Symbol, Statistic] = {}
        self.mentions_input = False

    # --- numbers ----------------------------------------------------------------------------------------------------

    def right_side(self, node: Node) -> tuple[sp.Expr, sp.Expr | None]:
        """Read a right side, and what stands in its O(...)."""
        parts = node.parts if node.kind == "add" else (node,)
        remainders = [part for part in parts if part.kind == "call" and part.value == "O"]
        if len(remainders) > 1:
            raise self.refuse(remainders[1], "there are two O(...)", "keep the larger one")
        total = sp.Add(*(self.scalar(part) for part in parts if part not in remainders))
        if not remainders:
            return total, None
        arguments = remainders[0].parts
        if len(arguments) != 1:
            raise self.refuse(remainders[0], "O takes one argument", "write e.g. O(L/n^2)")
        return total, self.scalar(arguments[0])

    def special(self, node: Node) -> sp.Expr:
        """Read what is no plain formula."""
        match node.kind:
            case "statistic":
                return self.statistic(node)
            case "norm":
                return self.norm_of_input(node)
            case "inner" if self.is_inputs(node):
                self.mentions_input = True
                return COSINE * symbols.norm_symbol(2) * SECOND_NORM
            case "inner":
                raise self.refuse(node, "this is random", f"put it inside E[...]: E{self.text(node)}")
            case "call" if node.value == "tr" and self.matrices is not None:
                return sp.Trace(self.matrix(node.parts[0]))
            case "call" if node.value == "tr":
                raise self.refuse(node, "tr(...) needs --matrix", "use e.g. --matrix 'W: normal 1/n, n by n'")
            case "call":
                raise self.refuse(node, "O(...) may only be added to a right side", "write e.g. A = B + O(1/n)")
            case "transpose":
                raise self.refuse(node, "a matrix has no value of its own", "take a trace or a norm, and use --matrix")
        raise self.refuse(node, "'...' stands for the matrices between two others", "write e.g. ||W_L*...*W_1||_F^2")

    def call(self, node: Node) -> sp.Expr:
        """Read a function's value, which must not be random."""
        if node.value != "tr" and any(self.is_random(part) for part in node.parts):
            raise self.refuse(node, f"{self.text(node)} is random", f"put it inside a statistic: E[{self.text(node)}]")
        return super().call(node)

    def letter(self, node: Node) -> sp.Expr:
        """Read a letter."""
        name = node.value
        if not node.sub and name not in self.known and name not in self.bound:
            if name in ("x", "a", "W", "H", "f"):
                what = {"x": "|x|", "a": "E|a_L|^2", "W": "E||W_L*...*W_1||_F^2", "H": "E|H|_F^2", "f": "E[f^2]"}
                raise self.refuse(node, f"{name} alone is no number", f"write e.g. {what[name]}")
            if name == "n":
                widths = ", ".join(map(str, self.net.widths or ()))
                raise self.refuse(node, f"the widths differ: {widths}", "write n_0, n_1, ..., or give one --width")
        return super().letter(node)

    def indexed(self, node: Node) -> sp.Expr:
        """Read a letter with a subscript."""
        name, sub = node.value, node.sub
        if name == "norm" and sub == "x":
            self.mentions_input = True
            return self.input_norm(2)
        if name == "n":
            layer = self.layer(node)
            if self.net.is_constant_width:
                return self.known["n"]
            if not layer.is_Integer:
                raise self.refuse(node, "the widths differ, so a layer's number is needed", "write e.g. n_1")
            return symbols.whole(self.net.width_at(int(layer)))
        joined = f"{name}_{sub}"
        if name in ("a", "lambda", "W", "H") and joined not in self.known:
            raise self.refuse(node, "this is random", f"write e.g. E|a_{sub}|^2, median {joined} or P({joined} > 0)")
        return super().indexed(node)

    def input_norm(self, order: int) -> sp.Expr:
        return symbols.input_power_sum(self.net, order) ** sp.Rational(1, order)

    def norm_of_input(self, node: Node) -> sp.Expr:
        inside = node.parts[0]
        if inside.kind == "name" and inside.value in ("x", "x'") and not inside.sub:
            self.mentions_input = True
            if inside.value == "x'":
                return SECOND_NORM
            if node.value in ("", "2", "4", "6", "8"):
                return self.input_norm(int(node.value or 2))
            raise self.refuse(node, f"there is no norm |x|_{node.value} here", "use |x| or |x|_4")
        if self.matrices is not None:
            return self.matrices.norm(self.matrix(inside))
        if not self.is_random(inside):
            return sp.Abs(self.scalar(inside))
        raise self.refuse(node, f"{self.text(node)} is random", f"put it inside a statistic: E{self.text(node)}^2")

    def is_inputs(self, node: Node) -> bool:
        return {(part.kind, part.value) for part in node.parts} == {("name", "x"), ("name", "x'")}

    def is_random(self, node: Node) -> bool:
        if node.kind == "statistic":
            return False
        if node.kind == "name":
            return node.value.rstrip("'") in ("a", "f", "lambda", "H", "W", "df", "dF", "dW", "grad")
        return node.kind == "dots" or any(self.is_random(part) for part in node.parts)

    def layer(self, node: Node, text: str | None = None) -> sp.Expr:
        """Read the subscript of a name as a layer."""
        written = node.sub if text is None else text
        if not written:
            return self.known["L"]
        try:
            layer = sp.expand(read_formula(written, self.known))
        except InvalidArgument as bad:
            raise self.refuse(node, f"the layer {written!r}: {bad.problem}", "write e.g. a_3, a_k or a_{L-1}") from None
        letters = layer.free_symbols
        if not (layer.is_Integer or (len(letters) == 1 and (layer - next(iter(letters))).is_Integer)):
            problem = f"the layer {written!r} is neither a number nor a letter plus a number"
            raise self.refuse(node, problem, "write e.g. a_3, a_k or a_{L-1}")
        least = 0 if node.value in ("a", "a'", "n") else 1
        too_deep = (layer - self.known["L"]).is_positive
        if layer.is_Integer and (layer < least or too_deep):
            problem = f"there is no layer {layer}: the depth is {self.known['L']}"
            raise self.refuse(node, problem, f"use {least}, ..., L")
        if too_deep:
            raise self.refuse(node, f"there is no layer {layer}: the depth is {self.known['L']}", "stop at L")
        return layer

    # --- random numbers ---------------------------------------------------------------------------------------------

    def random(self, node: Node) -> _Random:
        """Read a part in which random numbers may occur."""
        if not self.is_random(node):
            return _Random({(): self.scalar(node)})
        match node.kind:
            case "add":
                out = _Random()
                for part in node.parts:
                    out = out.plus(self.random(part))
                return out
            case "neg":
                return self.random(node.parts[0]).times(sp.S.NegativeOne)
            case "mul":
                return self.product(node)
            case "div":
                return self.quotient(node)
            case "pow":
                return self.powered(node)
            case "call" if node.value == "log":
                return self.logarithm(node)
            case "call" if node.value == "sqrt" and len(node.parts) == 1:
                return self.raised(node, self.random(node.parts[0]), sp.Rational(1, 2))
        return _Random({((self.number(node), sp.S.One),): sp.S.One})

    def product(self, node: Node) -> _Random:
        left, right = map(self.random, node.parts)
        if left.is_constant:
            return right.times(left.constant)
        if right.is_constant:
            return left.times(right.constant)
        if left.logs or right.logs:
            raise self.refuse(
                node, "a product with the logarithm of a random number is not known here", "take it apart"
            )
        return left.multiplied(right)

    def quotient(self, node: Node) -> _Random:
        top, bottom = map(self.random, node.parts)
        if bottom.is_constant:
            if bottom.constant == 0:
                raise self.refuse(node.parts[1], "this divides by zero", "check it")
            return top.times(1 / bottom.constant)
        return top.multiplied(self.raised(node.parts[1], bottom, sp.S.NegativeOne))

    def powered(self, node: Node) -> _Random:
        exponent = self.scalar(node.parts[1])
        if not exponent.is_Rational:
            raise self.refuse(node.parts[1], "the power of a random number must be a number", "write e.g. |a_L|^4")
        return self.raised(node, self.random(node.parts[0]), exponent)

    def raised(self, node: Node, base: _Random, exponent: sp.Rational) -> _Random:
        single = base.monomial
        if single is not None:
            powers, coefficient = single
            if not exponent.is_Integer and any(number.signed for number, _ in powers):
                raise self.refuse(node, "a number that may be negative has no such power", "use whole powers")
            return _Random({tuple((number, p * exponent) for number, p in powers): coefficient**exponent})
        if base.logs or not exponent.is_Integer or not 0 < exponent <= 8:
            raise self.refuse(node, "this power of a random number is not known here", "use sums of products of norms")
        out = base
        for _ in range(int(exponent) - 1):
            out = out.multiplied(base)
        return out

    def logarithm(self, node: Node) -> _Random:
        inside = self.random(node.parts[0])
        single = inside.monomial
        if single is None or len(node.parts) != 1:
            raise self.refuse(node, "the logarithm of a random sum is not known here", "write e.g. log(|a_L|^2/|x|^2)")
        powers, coefficient = single
        if any(number.signed for number, _ in powers):
            raise self.refuse(node, "this number may be negative and has no logarithm", "use its square or its norm")
        constant: dict[Powers, sp.Expr] = {(): sp.log(coefficient)} if coefficient != 1 else {}
        return _Random(constant, dict(powers))

    def number(self, node: Node) -> RandomNumber:
        """Read a norm, an eigenvalue, the output or an inner product."""
        if node.kind == "call" and node.value == "tr":
            self.special(node)  # refuses, and says what would do
        if node.kind == "norm":
            return self.norm(node)
        if node.kind == "inner":
            return self.inner(node)
        if node.kind == "name":
            if node.value == "f" and not node.sub:
                return Output()
            if node.value == "lambda":
                if node.sub in ("max", "1", "largest"):
                    return LargestEigenvalue()
                if node.sub in ("min", "least", "smallest"):
                    return LeastEigenvalue()
                raise self.refuse(node, "of the Hessian's eigenvalues the ends are known", "lambda_max or lambda_min")
            if node.value == "a":
                return Activation((self.layer(node),))
        raise self.refuse(node, f"{self.text(node)!r} is no random number that is known here", _KNOWN)

    def norm(self, node: Node) -> RandomNumber:
        inside = node.parts[0]
        if node.value not in ("", "F", "2") or (node.value == "2" and inside.value not in ("a",)):
            raise self.refuse(node, f"the norm with index {node.value!r} is not known here", "use | | or || ||_F")
        if inside.kind == "name" and inside.value == "a":
            return Activation((self.layer(inside),))
        if inside.kind == "name" and inside.value == "H":
            return self.hessian(inside)
        if inside.kind == "name" and inside.value == "grad":
            return Gradient((self.layer(inside),))
        if inside.kind == "div" and [part.kind for part in inside.parts] == ["name", "name"]:
            top, bottom = inside.parts
            if top.value in ("df", "dF") and bottom.value == "dW":
                if not bottom.sub:
                    raise self.refuse(bottom, "which layer?", "write e.g. |df/dW_1| or |df/dW_k|")
                return Gradient((self.layer(bottom),))
        matrices = _factors(inside)
        if any(part.kind == "name" and part.value == "W" for part in matrices):
            return self.weight_product(inside, matrices)
        raise self.refuse(node, f"{self.text(node)!r} is no norm that is known here", _KNOWN)

    def hessian(self, node: Node) -> RandomNumber:
        if not node.sub:
            return WholeHessian()
        parts = [part.strip() for part in node.sub.split(",")] if "," in node.sub else list(node.sub)
        if len(parts) != 2:
            raise self.refuse(node, f"a block of the Hessian has two layers, got {node.sub!r}", "write H_kl or H_{1,3}")
        first, last = (self.layer(Node("name", "H", (), node.start, node.end), part) for part in parts)
        gap = last - first
        if gap == 0:
            raise self.refuse(node, "a diagonal block of the Hessian is 0 for these networks", "use two layers")
        if gap.is_negative:
            first, last = last, first
        return HessianBlock((first, last))

    def weight_product(self, node: Node, parts: list[Node]) -> RandomNumber:
        remedy = "write ||W_L*...*W_1||_F, or declare matrices with --matrix"
        dots = [place for place, part in enumerate(parts) if part.kind == "dots"]
        named = [part for part in parts if part.kind == "name" and part.value == "W" and part.sub]
        if len(named) + len(dots) < len(parts) or len(dots) > 1:
            raise self.refuse(node, "this product of matrices is not known here", remedy)
        layers = [self.layer(part) for part in named]
        downward = all((a - b) == 1 for a, b in pairwise(layers)) if not dots else True
        if layers[0] != self.known["L"] or layers[-1] != 1 or not downward or (len(layers) == 1 and layers[0] != 1):
            raise self.refuse(node, "only the product of all weight matrices is known here", remedy)
        return WeightProduct()

    def inner(self, node: Node) -> RandomNumber:
        left, right = node.parts
        if {left.value, right.value} != {"a", "a'"} or left.kind != "name" or right.kind != "name":
            raise self.refuse(node, "this inner product is not known here", "write <a_k, a'_k> or <x, x'>")
        if self.layer(left) != self.layer(right):
            raise self.refuse(node, "the two activations must be of one layer", "write <a_k, a'_k>")
        return InnerProduct((self.layer(left),))

    # --- statistics -------------------------------------------------------------------------------------------------

    def placeholder(self, statistic: Statistic) -> sp.Symbol:
        for letter, known in self.statistics.items():
            if known == statistic:
                return letter
        letter = sp.Symbol(f"S{len(self.statistics)}_", real=True)
        self.statistics[letter] = statistic
        return letter

    def statistic(self, node: Node) -> sp.Expr:
        if self.matrices is not None:
            if node.value != "E":
                raise self.refuse(node, "of matrices only E is known here", "write E tr(...)")
            return self.placeholder(MatrixExpectation(self.scalar(node.parts[0]), self.text(node.parts[0])))
        match node.value:
            case "E":
                return self.mean(self.random(node.parts[0]))
            case "Var":
                return self.variance(node, self.random(node.parts[0]))
            case "Cov" | "Corr":
                return self.covariance(node)
            case "kurtosis":
                return self.kurtosis(node)
            case "median":
                return self.quantile(node, self.random(node.parts[0]), sp.Rational(1, 2))
            case "quantile":
                return self.quantile(node, self.random(node.parts[0]), self.probability_of(node))
        return self.event(node)

    def mean(self, of: _Random) -> sp.Expr:
        out = of.constant
        for powers, coefficient in of.terms.items():
            if powers:
                whole = tuple((number, int(p) if p.is_Integer else p) for number, p in powers)
                out += coefficient * self.placeholder(Moment(whole))
        for number, coefficient in of.logs.items():
            out += coefficient / 2 * self.placeholder(LogCumulant(number, 1))
        return out

    def variance(self, node: Node, of: _Random) -> sp.Expr:
        if of.logs:
            if any(of.terms) or len(of.logs) > 1:
                raise self.refuse(node, "this variance is not known here", "take that of one logarithm, or of norms")
            ((number, coefficient),) = of.logs.items()
            return coefficient**2 / 4 * self.placeholder(LogCumulant(number, 2))
        self.require_random(node, of)
        return self.mean(of.multiplied(of)) - self.mean(of) ** 2

    def require_random(self, node: Node, of: _Random) -> None:
        if of.is_constant:
            raise self.refuse(
                node.parts[0], f"{self.text(node.parts[0])} is not random", "name a norm, such as |a_L|^2"
            )

    def covariance(self, node: Node) -> sp.Expr:
        left, right = map(self.random, node.parts)
        if left.logs or right.logs:
            raise self.refuse(node, "the covariance of logarithms is not known here", "use norms")
        mean = self.mean(left.multiplied(right)) - self.mean(left) * self.mean(right)
        if node.value == "Cov":
            return mean
        spread = (self.mean(part.multiplied(part)) - self.mean(part) ** 2 for part in (left, right))
        return mean / sp.sqrt(next(spread) * next(spread))

    def kurtosis(self, node: Node) -> sp.Expr:
        of = self.random(node.parts[0]).monomial
        if of is None or len(of[0]) != 1:
            raise self.refuse(node, "the kurtosis is that of one norm", "write e.g. kurtosis(a_L)")
        ((number, power),), _ = of
        if power not in (1, 2):
            raise self.refuse(node, "the kurtosis is E|a|^4/(E|a|^2)^2", "write kurtosis(a_L)")
        fourth, square = (self.placeholder(Moment(((number, order),))) for order in (4, 2))
        return fourth / square**2

    def probability_of(self, node: Node) -> sp.Expr:
        try:
            p = read_formula(node.sub, {})
        except InvalidArgument:
            p = None
        if p is None or not p.is_Rational or not 0 < p < 1:
            remedy = "write e.g. quantile[0.9] log|a_L|^2"
            raise self.refuse(node, f"the quantile needs a probability between 0 and 1, got {node.sub!r}", remedy)
        return p

    def quantile(self, node: Node, of: _Random, p: sp.Expr) -> sp.Expr:
        self.require_random(node, of)
        remedy = "write e.g. median log(|a_L|^2/|x|^2) or median |a_L|^2"
        if of.logs:
            if any(of.terms) or len(of.logs) > 1:
                raise self.refuse(node, "the quantile of a sum is not known here", remedy)
            ((number, coefficient),) = of.logs.items()
            q = self.oriented(node, coefficient, p)
            return of.constant + coefficient / 2 * self.placeholder(Quantile(number, q))
        single = of.monomial
        if single is None or len(single[0]) != 1:
            raise self.refuse(node, "the quantile of a sum or a product is not known here", remedy)
        ((number, power),), coefficient = single
        if number.signed:
            if power != 1:
                raise self.refuse(
                    node, "the quantile of this power is not known here", "take that of the number itself"
                )
            return coefficient * self.placeholder(Quantile(number, self.oriented(node, coefficient, p)))
        q = self.oriented(node, coefficient * power, p)
        return coefficient * sp.exp(power / 2 * self.placeholder(Quantile(number, q)))

    def oriented(self, node: Node, coefficient: sp.Expr, p: sp.Expr) -> sp.Expr:
        """Return p, or 1 - p where the coefficient is negative."""
        if coefficient.is_positive:
            return p
        if coefficient.is_negative:
            return 1 - p
        raise self.refuse(node, "the sign of a factor is not known", "leave the factor out of the quantile")

    def event(self, node: Node) -> sp.Expr:
        relation = node.parts[0]
        left, right = map(self.random, relation.parts)
        if right.is_constant is left.is_constant:
            problem = "an event compares one random number with one that is not"
            raise self.refuse(node, problem, "write e.g. P(|a_L|^2 >= |x|^2)")
        flipped = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}
        sign = relation.value
        if left.is_constant:
            left, right, sign = right, left, flipped.get(sign, sign)
        bound = right.constant
        if left.logs:
            if any(left.terms) or len(left.logs) > 1:
                raise self.refuse(node, "the event of a sum is not known here", "write e.g. P(log|a_L|^2 >= t)")
            ((number, coefficient),) = left.logs.items()
            threshold = sp.exp(2 * (bound - left.constant) / coefficient)
        else:
            single = left.monomial
            if single is None or len(single[0]) != 1:
                raise self.refuse(node, "the event of a sum or a product is not known here", "compare one norm")
            ((number, power),), coefficient = single
            threshold = bound / coefficient if number.signed else (bound / coefficient) ** (2 / power)
            if number.signed and power != 1:
                raise self.refuse(node, "the event of this power is not known here", "compare the number itself")
            coefficient = coefficient * power
        if not (coefficient.is_positive or coefficient.is_negative):
            raise self.refuse(node, "the sign of a factor is not known", "bring it to the other side")
        if coefficient.is_negative:
            sign = flipped.get(sign, sign)
        if sign in ("=", "!="):
            if bound != 0 or number.signed:
                raise self.refuse(node, "only the event that a norm is 0 has a probability here", "write P(|a_L| = 0)")
            alive = self.placeholder(Exceedance(number, sp.S.Zero))
            return 1 - alive if sign == "=" else alive
        above = self.placeholder(Exceedance(number, sp.powsimp(threshold)))
        if bound == 0 and sign in (">=", "<") and not number.signed:
            raise self.refuse(node, "a norm is never below 0", "write P(|a_L| > 0) or P(|a_L| = 0)")
        return above if sign in (">", ">=") else 1 - above

    def matrix(self, node: Node) -> Any:
        assert self.matrices is not None
        return self.matrices.read(node, self)


_KNOWN = "known are |a_k|, |df/dW_k|, |H_kl|_F, |H|_F, lambda_max, lambda_min, f, <a_k, a'_k>, ||W_L*...*W_1||_F"


def _factors(node: Node) -> list[Node]:
    if node.kind == "mul":
        return [*_factors(node.parts[0]), *_factors(node.parts[1])]
    return [node]
