"""What a claim means: its two sides as formulas, in which each statistic of the network is a letter of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.claims.arithmetic import read_formula
from proofs_check.claims.conditions import Condition
from proofs_check.claims.matrices import Matrices, is_matrix
from proofs_check.claims.number_reader import NumberReader
from proofs_check.claims.random_expressions import RandomExpression
from proofs_check.claims.random_numbers import Exceedance, LogCumulant, MatrixExpectation, Moment, Quantile, Statistic
from proofs_check.claims.spelling import Spelled
from proofs_check.claims.syntax import Node, parse_claim, parse_formula
from theory.ensembles import Ensemble, InvalidArgument


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
    conditions : tuple of Condition
        What must hold for both sides to have a value.
    mentioned : frozenset of Symbol
        The letters that were read, those that cancelled, too.
    """

    relation: str
    left: sp.Expr
    right: sp.Expr
    remainder: sp.Expr | None
    statistics: dict[sp.Symbol, Statistic]
    mentions_input: bool
    source: Spelled
    conditions: tuple[Condition, ...] = ()
    mentioned: frozenset[sp.Symbol] = frozenset()

    @property
    def letters(self) -> set[sp.Symbol]:
        """The letters of the claim: sizes, layers, parameters."""
        remainder = self.remainder.free_symbols if self.remainder is not None else set()
        free = self.left.free_symbols | self.right.free_symbols | remainder | self.mentioned
        inside = {letter for statistic in self.statistics.values() for letter in statistic.letters}
        return set(free - set(self.statistics)) | inside

    def layers(self) -> set[sp.Expr]:
        """Return the layers that the statistics speak of."""
        return {
            layer for statistic in self.statistics.values() for number in statistic.numbers for layer in number.layers
        }

    def written(self, side: sp.Expr) -> str:
        """Return a side as text, with its statistics as they are written in claims."""
        return shown(self.named(side))

    def named(self, side: Any) -> Any:
        """Return a side with its statistics as letters that are named as they are written in claims."""
        raised = {node.base for node in side.atoms(sp.Pow)}
        texts = {
            letter: f"({statistic.text})" if letter in raised else statistic.text
            for letter, statistic in self.statistics.items()
        }
        names = {
            letter: sp.MatrixSymbol(text, *letter.shape) if is_matrix(letter) else sp.Symbol(text)
            for letter, text in texts.items()
        }
        return side.xreplace(names)


def shown(expression: sp.Expr) -> str:
    """Return a formula as it would be typed into a claim.

    Examples
    --------
    >>> n, L, norm_x = sp.symbols("n L norm_x", positive=True)
    >>> shown(norm_x**4 * (1 + 5 / n) ** L)
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
    root, source = parse_claim(claim, net.symbols)
    reader = _Reader(net, source, matrices)
    try:
        left, right, remainder = reader.sides(root)
    except RecursionError:
        raise source.refused(0, "is nested too deeply", "use fewer brackets") from None
    if not reader.statistics and matrices is None:
        problem = "says nothing about a random network"
        remedy = "put e.g. E|a_L|^2, median log|a_L|^2 or P(|a_L| > 0) on the left side"
        if reader.certain is not None:
            raise reader.refuse(*reader.certain, "compare with a positive number")
        raise source.refused(root.parts[0].start, problem, remedy)
    if remainder is not None and root.value != "=":
        raise source.refused(root.parts[1].start, "O(...) belongs to an equation", "write e.g. A = B + O(1/n)")
    rest = tuple(reader.conditions), frozenset(reader.mentioned)
    return Meaning(root.value, left, right, remainder, reader.statistics, reader.mentions_input, source, *rest)


def understand_quantity(text: str, net: Ensemble) -> Meaning:
    """Read what stands on the left side of a claim, alone.

    Parameters
    ----------
    text : str
        Such as ``median |a_L|^2``.
    net : Ensemble
        The networks.

    Returns
    -------
    Meaning
        That of the claim that it is 0.

    Raises
    ------
    InvalidArgument
        If it cannot be read, or is not about a random network; a caret shows where.

    Examples
    --------
    >>> understand_quantity("median |a_L|^2", Ensemble(width="n", depth="L")).left
    exp(S0_)
    """
    node, source = parse_formula(text, net.symbols)
    reader = _Reader(net, source, None)
    try:
        left = reader.scalar(node)
    except RecursionError:
        raise source.refused(0, "is nested too deeply", "use fewer brackets") from None
    if not reader.statistics:
        remedy = "write e.g. E|a_L|^2, median |a_L|^2 or P(|a_L|^2 >= 1/4)"
        raise source.refused(node.start, "says nothing about a random network", remedy)
    rest = tuple(reader.conditions), frozenset(reader.mentioned)
    return Meaning("=", left, sp.S.Zero, None, reader.statistics, reader.mentions_input, source, *rest)


class _Reader(NumberReader):
    """Reads statistics, each into a letter of its own."""

    def __init__(self, net: Ensemble, source: Spelled, matrices: Matrices | None) -> None:
        super().__init__(net, source, matrices)
        self.statistics: dict[sp.Symbol, Statistic] = {}
        self.certain: tuple[Node, str] | None = None  # an event of which nothing is asked, and why

    def sides(self, root: Node) -> tuple[Any, Any, sp.Expr | None]:
        """Read both sides of a claim, and what stands in the O(...) of the right one."""
        if self.matrices is None or any(part.kind == "call" and part.value == "O" for part in root.parts[1].parts):
            return self.scalar(root.parts[0]), *self.right_side(root.parts[1])
        self.matrices.infer(root)
        left = self.matrices.value(root.parts[0], self)
        shape = left.shape if is_matrix(left) else ()
        right = self.matrices.value(root.parts[1], self, shape)
        if is_matrix(left) != is_matrix(right) and 0 not in (left, right):
            remedy = "multiply it by I, or take a trace"
            raise self.refuse(root, "one side is a matrix and the other a number", remedy)
        both = zip(shape, right.shape, strict=True) if shape and is_matrix(right) else ()
        if any(sp.expand(a - b) for a, b in both):
            sizes = " and ".join(" by ".join(map(str, side.shape)) for side in (left, right))
            raise self.refuse(root, f"the sides have the sizes {sizes}", "transpose one of them")
        return left, right, None

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
        term = self.scalar(arguments[0])
        if term == 0 or term.free_symbols & set(self.statistics):
            raise self.refuse(remainders[0], "O(...) needs a term in letters", "write e.g. O(L/n^2)")
        return total, term

    def placeholder(self, statistic: Statistic, *shape: sp.Expr) -> Any:
        for letter, known in self.statistics.items():
            if known == statistic:
                return letter
        name = f"S{len(self.statistics)}_"
        letter = sp.MatrixSymbol(name, *shape) if shape else sp.Symbol(name, real=True)
        self.statistics[letter] = statistic
        return letter

    def statistic(self, node: Node) -> sp.Expr:
        if self.matrices is not None:
            if node.value != "E":
                raise self.refuse(node, "of matrices only E is known here", "write E tr(...)")
            inside = self.matrices.value(node.parts[0], self)
            shape = inside.shape if is_matrix(inside) else ()
            return self.placeholder(MatrixExpectation(inside, self.text(node.parts[0])), *shape)
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

    def mean(self, of: RandomExpression) -> sp.Expr:
        out = of.constant
        for powers, coefficient in of.terms.items():
            if powers:
                whole = tuple((number, int(p) if p.is_Integer else p) for number, p in powers)
                out += coefficient * self.placeholder(Moment(whole))
        for number, coefficient in of.logs.items():
            out += coefficient / 2 * self.placeholder(LogCumulant(number, 1))
        return out

    def variance(self, node: Node, of: RandomExpression) -> sp.Expr:
        if of.logs:
            if any(of.terms) or len(of.logs) > 1:
                raise self.refuse(node, "this variance is not known here", "take that of one logarithm, or of norms")
            ((number, coefficient),) = of.logs.items()
            return coefficient**2 / 4 * self.placeholder(LogCumulant(number, 2))
        self.require_random(node, of)
        return self.mean(of.multiplied(of)) - self.mean(of) ** 2

    def require_random(self, node: Node, of: RandomExpression) -> None:
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
        product = sp.Mul(*(self.mean(part.multiplied(part)) - self.mean(part) ** 2 for part in (left, right)))
        self.require("power", product, -sp.S.Half)
        return mean / sp.sqrt(product)

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

    def quantile(self, node: Node, of: RandomExpression, p: sp.Expr) -> sp.Expr:
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

    def require_sign(self, node: Node, coefficient: sp.Expr) -> None:
        if not (coefficient.is_positive or coefficient.is_negative):
            raise self.refuse(node, "the sign of a factor is not known", "bring it to the other side")

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
        if bound.free_symbols & set(self.statistics):
            raise self.refuse(
                node, "an event compares with a formula in letters, not with a statistic", "write its value"
            )
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
            if number.signed and power != 1:
                raise self.refuse(node, "the event of this power is not known here", "compare the number itself")
            level = bound / coefficient
            if not number.signed and level.is_negative and coefficient.is_nonzero:  # a norm is never below 0
                above = (sign in (">", ">=")) == bool(coefficient.is_positive)
                if sign in ("=", "!="):
                    above = sign == "!="
                self.require_sign(node, coefficient)
                which = "certain" if above else "impossible"
                self.certain = (node, f"{number.text} is never below 0, so this event is {which}")
                return sp.Integer(above)
            if not number.signed and not level.is_nonnegative:
                raise self.refuse(
                    node, "the sign of the threshold is not known", "compare a norm with what is positive"
                )
            threshold = level if number.signed else level ** (2 / power)
            coefficient = coefficient * power
        self.require_sign(node, coefficient)
        if coefficient.is_negative:
            sign = flipped.get(sign, sign)
        if sign in ("=", "!="):
            if bound != 0 or number.signed:
                raise self.refuse(node, "only the event that a norm is 0 has a probability here", "write P(|a_L| = 0)")
            alive = self.placeholder(Exceedance(number, sp.S.Zero, strict=True))
            return 1 - alive if sign == "=" else alive
        above = self.placeholder(Exceedance(number, sp.powsimp(threshold), strict=sign in (">", "<=")))
        if threshold == 0 and sign in (">=", "<") and not number.signed:
            what = f"{number.text} is never below 0, so this event is {'certain' if sign == '>=' else 'impossible'}"
            raise self.refuse(node, what, f"write P({number.text} > 0) or P({number.text} = 0)")
        return above if sign in (">", ">=") else 1 - above
