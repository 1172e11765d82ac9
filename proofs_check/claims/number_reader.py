"""From the tree to random numbers: which norm, eigenvalue, output or inner product a part of a claim speaks of."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import sympy as sp

from proofs_check.claims.arithmetic import Arithmetic, read_formula
from proofs_check.claims.matrices import Matrices, is_matrix
from proofs_check.claims.matrix_names import POLYNOMIALS, is_unknown_function, unknown_function
from proofs_check.claims.matrix_shapes import matrix_name
from proofs_check.claims.random_expressions import Powers, RandomExpression
from proofs_check.claims.random_numbers import (
    AbsoluteOutput,
    Activation,
    Gradient,
    HessianBlock,
    InnerProduct,
    LargestEigenvalue,
    LeastEigenvalue,
    Output,
    RandomNumber,
    SecondActivation,
    WeightProduct,
    WholeHessian,
)
from proofs_check.claims.spelling import Spelled
from proofs_check.claims.syntax import Node
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.moments.two_inputs import COSINE

LAYER_LETTERS = ("j", "k", "l", "m")
"""Letters that stand for layers, wherever the network does not use them for something else."""

SECOND_NORM = sp.Symbol("norm_y", positive=True)
"""|x'|, the norm of the second input."""


def layer_rank(layer: sp.Expr, depth: sp.Expr) -> tuple[int, str, int]:
    """Return the place of a layer in the order of formulas: numbers, letters by name, what counts from the depth.

    Parameters
    ----------
    layer, depth : sympy.Expr
        The layer, and the depth of the network.

    Examples
    --------
    >>> k, L = sp.symbols("k L", integer=True)
    >>> layer_rank(k, L) < layer_rank(L - 1, L) < layer_rank(L, L)
    True
    """
    if layer.is_Integer:
        return (0, "", int(layer))
    (letter,) = layer.free_symbols
    shift = int(layer - letter)
    return (2, "", shift) if letter == depth else (1, str(letter), shift)


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
    if str(net.activation).startswith("leaky:"):
        known["alpha"] = symbols.number(net.pieces[0])
    if net.is_constant_width and net.has_independent_entries:
        known["sigma"] = sp.sqrt(symbols.variance(net, 1))
    sizes = [size for size in (net.widths or (net.width,)) if isinstance(size, str)]
    sizes += [net.depth] if isinstance(net.depth, str) else []
    known |= {name: symbols.whole(name) if name in sizes else symbols.number(name) for name in net.symbols}
    return known


class NumberReader(Arithmetic):
    """Reads numbers and random numbers of the networks of an ensemble; statistics are left to a subclass.

    Parameters
    ----------
    net : Ensemble
        The networks.
    source : Spelled
        The claim's text.
    matrices : Matrices or None
        The matrices that a claim about their products may name.
    """

    def __init__(self, net: Ensemble, source: Spelled, matrices: Matrices | None) -> None:
        super().__init__(source, letters_of(net) if matrices is None else matrices.letters)
        self.net, self.matrices = net, matrices
        self.mentions_input = False

    # --- numbers ----------------------------------------------------------------------------------------------------

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
            case "inner" if self.matrices is not None:
                left, right = (
                    self.text(part) if part.kind == "name" else f"({self.text(part)})" for part in node.parts
                )
                raise self.refuse(node, "inner products of matrices are not read", f"write {left}.T*{right}")
            case "inner":
                raise self.refuse(node, "this is random", f"put it inside E[...]: E{self.text(node)}")
            case "call" if node.value == "tr" and self.matrices is not None:
                if len(node.parts) != 1:
                    raise self.refuse(node, f"tr takes 1 argument, got {len(node.parts)}", "write e.g. tr(A*B)")
                return sp.Trace(self.matrix(node.parts[0]))
            case "call" if node.value in ("diag", "hadamard", "ones"):
                raise self.refuse(
                    node, f"{node.value}(...) needs --matrix", "use e.g. --matrix 'W: normal 1/n, n by n'"
                )
            case "call" if node.value == "tr":
                remedy = "use e.g. --matrix 'W: normal 1/n, n by n'; tr(H^2) is |H|_F^2"
                raise self.refuse(node, "tr(...) needs --matrix", remedy)
            case "call" if self.matrices is not None:
                raise self.refuse(node, "of matrix products only equations are known here", "leave O(...) out")
            case "call":
                raise self.refuse(node, "O(...) may only be added to a right side", "write e.g. A = B + O(1/n)")
            case "transpose":
                raise self.refuse(node, "a matrix has no value of its own", "take a trace or a norm, and use --matrix")
        raise self.refuse(node, "'...' stands for the matrices between two others", "write e.g. ||W_L*...*W_1||_F^2")

    def call(self, node: Node) -> sp.Expr:
        """Read a function's value, which must not be random."""
        if self.matrices is not None and node.value not in ("tr", "O", "Sum", "Prod"):
            return self.call_of_numbers(node, self.matrices)
        if self.matrices is None and node.value != "tr" and any(self.is_random(part) for part in node.parts):
            raise self.refuse(node, f"{self.text(node)} is random", f"put it inside a statistic: E[{self.text(node)}]")
        return super().call(node)

    def call_of_numbers(self, node: Node, matrices: Matrices) -> sp.Expr:
        """Read a function's value where matrices may occur: of numbers, and of random ones |W| alone."""
        for part in node.parts:
            argument = matrices.value(part, self)
            if is_matrix(argument):
                raise self.refuse(node, f"{self.text(node)} is not known of a matrix", POLYNOMIALS)
            random = sorted(map(str, argument.free_symbols & set(matrices.laws)))
            if random and node.value == "abs":
                return sp.Abs(argument)
            if random and node.value != "sqrt":
                raise self.refuse(node, f"{self.text(node)} is no polynomial in {', '.join(random)}", POLYNOMIALS)
        return super().call(node)

    def no_number(self, node: Node, matrices: Matrices) -> InvalidArgument:
        """Return why a name is no number where matrices may occur: it is one of them, a function, or not known."""
        name = matrix_name(node)
        if name in matrices.named:
            remedy = "take a trace or a norm; the inverse of S is S^-1"
            return self.refuse(node, f"{name} is a matrix, and a number is expected here", remedy)
        called = self.source.text[node.end : node.end + 1] == "(" and len(node.value) > 1 and not node.sub
        if called or is_unknown_function(node.value):  # a letter before a bracket reads like a product
            return self.refuse(node, *unknown_function(node.value))
        remedy = f"declare it, e.g. --matrix '{name}: n by 1', or use {', '.join(sorted(self.known))}"
        return self.refuse(node, f"there is no letter or matrix {name!r}", remedy)

    def letter(self, node: Node) -> sp.Expr:
        """Read a letter."""
        name = node.value
        whole = f"{name}_{node.sub}" if node.sub else name
        if self.matrices is not None and whole not in self.known and whole not in self.bound:
            raise self.no_number(node, self.matrices)
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
        if self.matrices is not None:
            return super().indexed(node)
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
        """Return |x|, or another norm of the input.

        Parameters
        ----------
        order : int
            2 for |x|, 4 for |x|_4.
        """
        return symbols.input_power_sum(self.net, order) ** sp.Rational(1, order)

    def norm_of_input(self, node: Node) -> sp.Expr:
        """Read |x|, the norm of a matrix, or an absolute value."""
        inside = node.parts[0]
        if inside.kind == "name" and self.names_input(inside):
            self.mentions_input = True
            if inside.value != "x":
                return SECOND_NORM
            if node.value in ("", "2", "4", "6", "8"):
                return self.input_norm(int(node.value or 2))
            raise self.refuse(node, f"there is no norm |x|_{node.value} here", "use |x| or |x|_4")
        if self.matrices is not None:
            if node.value != "F":
                number = self.matrices.value(inside, self)
                if not is_matrix(number):
                    return sp.Abs(number)
                if 1 in number.shape and node.value in ("", "2"):
                    return self.matrices.norm(number)  # of a row or a column there is one norm
                raise self.refuse(node, "which norm of the matrix?", "write || ||_F for Frobenius'")
            return self.matrices.norm(self.matrix(inside))
        if not self.is_random(inside):
            return sp.Abs(self.scalar(inside))
        raise self.refuse(node, f"{self.text(node)} is random", f"put it inside a statistic: E{self.text(node)}^2")

    def is_inputs(self, node: Node) -> bool:
        """Whether an inner product is <x, x'>, or <x, y>."""
        names = {part.value for part in node.parts if part.kind == "name" and self.names_input(part)}
        return len(names) == 2 and "x" in names

    def names_input(self, node: Node) -> bool:
        """Whether a name is x, or x' or y for the second input, unless the network has a letter y."""
        if self.matrices is not None:
            return False  # a column x or y is declared, and no input
        return not node.sub and (node.value in ("x", "x'") or (node.value == "y" and "y" not in self.known))

    def is_random(self, node: Node) -> bool:
        """Whether random numbers occur in a part, outside of statistics."""
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
            layer = sp.expand(read_formula(written, {**self.known, **self.bound}))
        except InvalidArgument as bad:
            raise self.refuse(node, f"the layer {written!r}: {bad.problem}", "write e.g. a_3, a_k or a_{L-1}") from None
        letters = layer.free_symbols
        if any(not letter.is_integer for letter in letters):
            raise self.refuse(node, f"{written!r} names something else of the network", "use another letter")
        if not (layer.is_Integer or (len(letters) == 1 and (layer - next(iter(letters))).is_Integer)):
            problem = f"the layer {written!r} is neither a number nor a letter plus a number"
            raise self.refuse(node, problem, "write e.g. a_3, a_k or a_{L-1}")
        least = 0 if node.value in ("a", "a'", "b", "n") else 1
        too_deep = (layer - self.known["L"]).is_positive
        if layer.is_Integer and (layer < least or too_deep):
            problem = f"there is no layer {layer}: the depth is {self.known['L']}"
            raise self.refuse(node, problem, f"use {least}, ..., L")
        if too_deep:
            raise self.refuse(node, f"there is no layer {layer}: the depth is {self.known['L']}", "stop at L")
        return layer

    # --- random numbers ---------------------------------------------------------------------------------------------

    def random(self, node: Node) -> RandomExpression:
        """Read a part in which random numbers may occur."""
        if not self.is_random(node):
            return RandomExpression({(): self.scalar(node)})
        match node.kind:
            case "add":
                out = RandomExpression()
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
        return RandomExpression({((self.number(node), sp.S.One),): sp.S.One})

    def product(self, node: Node) -> RandomExpression:
        """Read a product."""
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

    def quotient(self, node: Node) -> RandomExpression:
        """Read a quotient."""
        top, bottom = map(self.random, node.parts)
        if bottom.is_constant:
            if bottom.constant == 0:
                raise self.refuse(node.parts[1], "this divides by zero", "check it")
            self.require("nonzero", bottom.constant)
            return top.times(1 / bottom.constant)
        return top.multiplied(self.raised(node.parts[1], bottom, sp.S.NegativeOne))

    def powered(self, node: Node) -> RandomExpression:
        """Read a power."""
        exponent = self.scalar(node.parts[1])
        if not exponent.is_Rational:
            raise self.refuse(node.parts[1], "the power of a random number must be a number", "write e.g. |a_L|^4")
        return self.raised(node, self.random(node.parts[0]), exponent)

    def raised(self, node: Node, base: RandomExpression, exponent: sp.Rational) -> RandomExpression:
        """Return a power of what was read.

        Parameters
        ----------
        node : Node
            Where it stands.
        base : RandomExpression
            What is raised.
        exponent : sympy.Rational
            The power.
        """
        single = base.monomial
        if single is not None:
            powers, coefficient = single
            if not exponent.is_Integer and any(number.signed for number, _ in powers):
                raise self.refuse(node, "a number that may be negative has no such power", "use whole powers")
            self.require("power", coefficient, exponent)
            return RandomExpression({tuple((number, p * exponent) for number, p in powers): coefficient**exponent})
        if base.logs or not exponent.is_Integer or not 0 < exponent <= 8:
            raise self.refuse(node, "this power of a random number is not known here", "use sums of products of norms")
        out = base
        for _ in range(int(exponent) - 1):
            out = out.multiplied(base)
        return out

    def logarithm(self, node: Node) -> RandomExpression:
        """Read a logarithm."""
        inside = self.random(node.parts[0])
        single = inside.monomial
        if single is None or len(node.parts) != 1:
            raise self.refuse(node, "the logarithm of a random sum is not known here", "write e.g. log(|a_L|^2/|x|^2)")
        powers, coefficient = single
        if any(number.signed for number, _ in powers):
            raise self.refuse(node, "this number may be negative and has no logarithm", "use its square or its norm")
        self.require("positive", coefficient)
        constant: dict[Powers, sp.Expr] = {(): sp.log(coefficient)} if coefficient != 1 else {}
        return RandomExpression(constant, dict(powers))

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
        """Read a norm of activations, gradients, the Hessian or a product of weights."""
        inside = node.parts[0]
        if node.value not in ("", "F", "2") or (node.value == "2" and inside.value not in ("a",)):
            raise self.refuse(node, f"the norm with index {node.value!r} is not known here", "use | | or || ||_F")
        if inside.kind == "name" and inside.value == "a":
            return Activation((self.layer(inside),))
        if inside.kind == "name" and inside.value == "a'":
            return SecondActivation((self.layer(inside),))
        if inside.kind == "name" and inside.value == "f" and not inside.sub:
            return AbsoluteOutput()
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
            if node.value != "F":
                raise self.refuse(node, "which norm of the product?", "write ||W_L*...*W_1||_F for Frobenius'")
            return self.weight_product(inside, matrices)
        raise self.refuse(node, f"{self.text(node)!r} is no norm that is known here", _KNOWN)

    def hessian(self, node: Node) -> RandomNumber:
        """Read H, or a block H_kl."""
        if not node.sub:
            return WholeHessian()
        parts = [part.strip() for part in node.sub.split(",")] if "," in node.sub else list(node.sub)
        if len(parts) != 2:
            raise self.refuse(node, f"a block of the Hessian has two layers, got {node.sub!r}", "write H_kl or H_{1,3}")
        first, last = (self.layer(Node("name", "H", (), node.start, node.end), part) for part in parts)
        gap = last - first
        if gap == 0:
            raise self.refuse(node, "a diagonal block of the Hessian is 0 for these networks", "use two layers")
        if gap.is_negative or (gap.is_negative is None and self._comes_later(first, last)):
            first, last = last, first
        return HessianBlock((first, last))

    def _comes_later(self, first: sp.Expr, last: sp.Expr) -> bool:
        """Whether a layer comes after another: numbers, letters by name, then what counts from the depth."""
        return layer_rank(first, self.known["L"]) > layer_rank(last, self.known["L"])

    def weight_product(self, node: Node, parts: list[Node]) -> RandomNumber:
        """Read W_L*...*W_1.

        Parameters
        ----------
        node : Node
            Where it stands.
        parts : list of Node
            Its factors.
        """
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
        """Read <a_k, a'_k>, or <a_k, b_k>."""
        left, right = node.parts
        both = {left.value, right.value}
        if both not in ({"a", "a'"}, {"a", "b"}) or left.kind != "name" or right.kind != "name":
            raise self.refuse(
                node, "this inner product is not known here", "write <a_k, a'_k> or <a_k, b_k>; <x, x'> or <x, y>"
            )
        if self.layer(left) != self.layer(right):
            raise self.refuse(node, "the two activations must be of one layer", "write <a_k, a'_k>")
        return InnerProduct((self.layer(left),))

    # --- statistics -------------------------------------------------------------------------------------------------

    def statistic(self, node: Node) -> sp.Expr:
        """Read a statistic."""
        raise self.refuse(node, "a statistic is not expected here", "use letters and numbers")

    def matrix(self, node: Node) -> Any:
        """Read a product of matrices."""
        assert self.matrices is not None
        return self.matrices.read(node, self)


_KNOWN = (
    "known are |a_k|, |df/dW_k|, |H_kl|_F, |H|_F, lambda_max, lambda_min, f, <a_k, a'_k>, |a'_k|, ||W_L*...*W_1||_F"
)


def _factors(node: Node) -> list[Node]:
    if node.kind == "mul":
        return [*_factors(node.parts[0]), *_factors(node.parts[1])]
    return [node]
