r"""Powers of a transfer matrix, in closed form where the number of layers is a symbol.

Without biases the closed form is that of one factor, or of two eigenvalues. With biases and normal weights the matrix
is triangular, and its diagonal has the rate of each order down to the rate 1 of the constant: the sequence is a
combination of :math:`\binom Lr\mu^{L-r}` over these rates :math:`\mu`, with r > 0 where rates are equal. Under He
initialization two are: that of :math:`|a|^2` is 1 as well.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.moments.transfer import IntegerPartition, TransferMatrix

_LONGEST_IN_LETTERS = 3

Combination = dict[tuple[sp.Expr, int], sp.Expr]
"""The coefficient of binomial(L, r) mu^(L-r), for each rate mu and each r."""


def power_applied(transfer: TransferMatrix, start: Callable[[IntegerPartition], sp.Expr], steps: sp.Expr) -> sp.Expr:
    """Return the first entry of matrix^steps times the start, in closed form where `steps` is a symbol.

    Parameters
    ----------
    transfer : TransferMatrix
        The map of one step.
    start : callable
        Gives the vector's first entries: P_part of what enters, for each partition `part` of the basis.
    steps : sympy.Expr
        The number of steps, which may have symbols.

    Raises
    ------
    InvalidArgument
        If `steps` is symbolic and there is no closed form (:func:`has_closed_form`).

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> from theory.moments.transfer import input_power_sums, transfer_matrix
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> power_applied(transfer_matrix(net, 4), lambda part: input_power_sums(net, part), sp.Symbol("k"))
    norm_x**4*(1 + 5/n)**k
    >>> biased = net.at(bias="variance:t")
    >>> power_applied(transfer_matrix(biased, 2), lambda part: input_power_sums(net, part), sp.Symbol("k"))
    k*n*t/2 + norm_x**2
    """
    matrix = transfer.matrix
    vector = sp.Matrix([start(mu) for mu in transfer.basis])
    if len(transfer.basis) == 1:
        return matrix[0] ** steps * vector[0]
    if steps.is_Integer and all(entry.is_Rational for entry in matrix):
        return (matrix ** int(steps) * vector)[0]  # SymPy squares repeatedly
    is_irrational = not matrix.free_symbols | vector.free_symbols
    if steps.is_Integer and (transfer.is_affine or not (is_irrational and len(transfer.basis) == 2)):
        tidied = sp.expand if is_irrational else symbols.tidy  # a polynomial in one irrational number
        for _ in range(int(steps)):
            vector = (matrix * vector).applyfunc(tidied)
        return vector[0]
    if not has_closed_form(transfer):
        problem = f"this law and order follow a recursion of {len(transfer.basis)} terms, with no closed form in L"
        remedy = "give a number, use law='normal', or take theory.moments.sequences, which has the generating function"
        raise InvalidArgument("depth", problem, remedy)
    if transfer.is_affine:
        return triangular_power(matrix, vector, steps)
    upper, lower = eigenvalues(matrix)
    once = symbols.tidy((matrix * vector)[0])
    # the result is a sum of two geometric sequences, and its first two values give both coefficients
    rising, falling = once - lower * vector[0], upper * vector[0] - once
    if (upper - lower).is_rational_function() and not is_irrational:
        terms = ((rising, upper), (falling, lower))
        return sp.Add(*(symbols.tidy(part / (upper - lower)) * symbols.tidy(value) ** steps for part, value in terms))
    return (rising * upper**steps + falling * lower**steps) / symbols.tidy(upper - lower)


def triangular_power(matrix: sp.Matrix, vector: sp.Matrix, steps: sp.Expr) -> sp.Expr:
    """Return the first entry of matrix^steps times a vector, for an upper triangular matrix.

    Parameters
    ----------
    matrix : sympy.Matrix, shape (d, d)
        Its entries are rational functions.
    vector : sympy.Matrix, shape (d, 1)
        What the first step is applied to.
    steps : sympy.Expr
        The number of steps, which may be a symbol.

    Examples
    --------
    >>> triangular_power(sp.Matrix([[1, 3], [0, 1]]), sp.Matrix([2, 1]), sp.Symbol("L"))
    3*L + 2
    """
    return _in_letters(_triangular(matrix, vector), steps)


def has_closed_form(transfer: TransferMatrix) -> bool:
    """Whether powers have a closed form: of a triangular matrix with biases, and up to two rows without.

    A triangle in letters has one up to order 4; beyond it takes minutes, and fills pages.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> from theory.moments.transfer import transfer_matrix
    >>> net = Ensemble(width="n", depth="L", bias="1/10")
    >>> has_closed_form(transfer_matrix(net, 4)), has_closed_form(transfer_matrix(net.at(law="uniform"), 4))
    (True, False)
    """
    if not transfer.is_affine:
        return len(transfer.basis) <= 2
    short = len(transfer.basis) <= _LONGEST_IN_LETTERS or all(entry.is_Rational for entry in transfer.matrix)
    return bool(short and transfer.matrix.is_upper)


def rates(transfer: TransferMatrix) -> tuple[sp.Expr, ...]:
    """Return the different rates by which a closed form with biases grows or shrinks: the diagonal.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> from theory.moments.transfer import transfer_matrix
    >>> rates(transfer_matrix(Ensemble(width="n", depth="L", activation="relu", init="he", bias="1/10"), 4))
    (1 + 5/n, 1)
    """
    return tuple(dict.fromkeys(map(symbols.tidy, transfer.matrix.diagonal())))


def coinciding(transfer: TransferMatrix) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return the pairs of rates that are equal at some values of their letters, which the closed form leaves out.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> from theory.moments.transfer import transfer_matrix
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="1/4", bias="1/10")
    >>> coinciding(transfer_matrix(net.at(init="he"), 4)), coinciding(transfer_matrix(net, 2))
    ([], [(n/8, 1)])
    """
    pairs = []
    for one, other in combinations(rates(transfer), 2):
        above = sp.numer(sp.together(one - other))
        letters = above.free_symbols
        if letters and not (len(letters) == 1 and not _has_root(above, letters.pop())):
            pairs.append((one, other))
    return pairs


def _has_root(polynomial: sp.Expr, letter: sp.Symbol) -> bool:
    """Whether a polynomial in one letter has a positive root, which is whole if the letter is."""
    roots = [root for root in sp.Poly(polynomial, letter).real_roots() if root.is_positive]
    return any(root.is_Integer for root in roots) if letter.is_integer else bool(roots)


def _triangular(matrix: sp.Matrix, vector: sp.Matrix) -> Combination:
    """Solve x(L + 1) = matrix x(L), x(0) = vector, from the last row to the first, and return the first entry.

    With e = binomial(L, r) mu^(L-r) and S for a step, (S - mu) e is the same for r - 1.
    """
    size = matrix.rows
    solved: list[Combination] = [{} for _ in range(size)]
    for row in range(size - 1, -1, -1):
        rate, found = symbols.tidy(matrix[row, row]), solved[row]
        for column in range(row + 1, size):
            for (mu, r), coefficient in solved[column].items():
                source = coefficient * matrix[row, column]
                if mu == rate:
                    _add(found, (mu, r + 1), source)
                    continue
                for j in range(r, -1, -1):
                    source = source / (mu - rate) if j == r else -source / (mu - rate)
                    _add(found, (mu, j), source)
        begun = sp.Add(*(coefficient for (_, r), coefficient in found.items() if r == 0))
        _add(found, (rate, 0), vector[row] - begun)
        tidied = {key: symbols.tidy(coefficient) for key, coefficient in found.items()}
        solved[row] = {key: coefficient for key, coefficient in tidied.items() if coefficient != 0}
    return solved[0]


def _add(combination: Combination, key: tuple[sp.Expr, int], value: sp.Expr) -> None:
    combination[key] = combination.get(key, sp.S.Zero) + value


def _in_letters(combination: Combination, steps: sp.Expr) -> sp.Expr:
    """Write a combination out."""
    terms = []
    for (mu, r), coefficient in combination.items():
        ways = sp.Mul(*((steps - j) for j in range(r))) / sp.factorial(r)
        terms.append(coefficient * ways * mu ** (steps - r))
    return sp.Add(*terms)


def eigenvalues(matrix: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    """Return both eigenvalues of a 2x2 matrix, the larger first.

    Examples
    --------
    >>> eigenvalues(sp.Matrix([[3, 1], [1, 3]]))
    (4, 2)
    """
    (a, b), (c, d) = matrix.tolist()
    trace, determinant = symbols.tidy(a + d), symbols.tidy(a * d - b * c)
    square = symbols.tidy(trace**2 - 4 * determinant)
    perfect = sp.sqrt(sp.factor(square))
    root = perfect if perfect.is_rational_function() else sp.sqrt(square)
    return (trace + root) / 2, (trace - root) / 2
