r"""Leaving a saddle by stochastic gradient descent, with the noise of minibatches in the curvature.

Along one direction, example i has the curvature :math:`-g_i` and, at the saddle, the gradient :math:`-b_i`, whose mean
over the examples is 0. A step on a minibatch B of S examples takes the displacement to

.. math:: \psi' = (1+\eta g_B)\psi + \eta b_B,

with the averages over B. Let the :math:`g_i` have the mean :math:`\gamma > 0` and the variance :math:`s^2`, the
:math:`b_i` the variance :math:`\sigma^2`, and let both be uncorrelated. An average over B has c times the variance of
one example: c = 1/S for batches drawn with replacement, and c = (n-S)/(S(n-1)) without, as two different examples then
have the covariance -s^2/(n-1). So

.. math:: E\psi'^2 = \bigl((1+\eta\gamma)^2+\eta^2cs^2\bigr)E\psi^2+\eta^2c\sigma^2 :

in mean square noise speeds up the escape. The typical path escapes like :math:`E\log|1+\eta g_B|`, which is below
:math:`\log(1+\eta\gamma)` by Jensen's inequality, as long as no batch turns the direction round
(:math:`1+\eta g_B > 0`). Otherwise it may be above: factors of 5 and -3 have the mean 1, and grow by
:math:`\sqrt{15}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import Any

import sympy as sp

from theory import symbols
from theory.dynamics.sgd_stability.second_moments import moment_step
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

_MOST = 100_000
"""So many minibatches are enumerated at most."""


def variance_share(examples: symbols.Scalar, batch: symbols.Scalar, *, replacement: bool = False) -> sp.Expr:
    """Derive c, the variance of an average over a minibatch divided by that of one example.

    Parameters
    ----------
    examples, batch : int, str or sympy.Expr
        The number n of examples, and that of a minibatch, S: positive numbers or names.
    replacement : bool
        Whether a minibatch may have an example more than once.

    Raises
    ------
    InvalidArgument
        If a size is not positive, or a minibatch without replacement is larger than the data.

    Examples
    --------
    >>> variance_share("n", "S"), variance_share(10, 2, replacement=True), variance_share(4, 4)
    ((-S + n)/(S*(n - 1)), 1/2, 0)
    """
    n, size = symbols.positive("examples", examples), symbols.positive("batch", batch)
    if not replacement and (n - size).is_negative:
        raise InvalidArgument("batch", f"has {size} of {n} examples", "use fewer, or replacement=True")
    if n == 1:
        return sp.S.Zero
    covariance = sp.S.Zero if replacement else -1 / (n - 1)  # the deviations of all examples sum to 0
    return sp.factor((size + size * (size - 1) * covariance) / size**2)


def second_moment_step(
    eta: symbols.Scalar, mean: symbols.Scalar, variance: symbols.Scalar, noise: symbols.Scalar
) -> sp.Matrix:
    r"""Derive the map of :math:`(E\psi^2, 1)` by one step: what it multiplies and what it adds.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    mean : number, str or sympy.Expr
        The mean of g, the negative curvature.
    variance : number, str or sympy.Expr
        The variance of a minibatch's g, c s^2.
    noise : number, str or sympy.Expr
        The variance of a minibatch's gradient at the saddle, c sigma^2, uncorrelated with g.

    Raises
    ------
    InvalidArgument
        If one of them is negative or no number.

    Examples
    --------
    >>> second_moment_step("eta", "gamma", "w", "v").row(0)
    Matrix([[eta**2*w + (eta*gamma + 1)**2, eta**2*v]])
    """
    growth = symbols.nonnegative("mean", mean)
    step = moment_step(eta, -growth, variance, 0, noise)  # a saddle is a valley turned over
    return sp.Matrix([[step[0, 0], step[0, 2]], [0, 1]])


def minibatches(examples: int, batch: int, *, replacement: bool = False) -> Iterator[tuple[int, ...]]:
    """Generate all minibatches of the numbers of examples, each equally likely.

    Parameters
    ----------
    examples, batch : int
        Their numbers.
    replacement : bool
        Whether a minibatch may have an example more than once; its order then matters.

    Raises
    ------
    InvalidArgument
        If there are none, or too many.

    Examples
    --------
    >>> list(minibatches(3, 2))
    [(0, 1), (0, 2), (1, 2)]
    """
    for name, size in (("examples", examples), ("batch", batch)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InvalidArgument(name, f"must be a positive whole number, got {size!r}", "use e.g. 4")
    if not replacement and batch > examples:
        raise InvalidArgument("batch", f"has {batch} of {examples} examples", "use fewer, or replacement=True")
    count = examples**batch if replacement else comb(examples, batch)
    if count > _MOST:
        raise InvalidArgument("batch", f"there are {count} minibatches", "use fewer examples")
    return product(range(examples), repeat=batch) if replacement else combinations(range(examples), batch)


def typical_growth(curvatures: Sequence[Any], eta: Any, batch: int, *, replacement: bool = False) -> sp.Expr:
    r"""Derive :math:`E\log|1+\eta g_B|` over all minibatches: the logarithm by which the typical path grows in a step.

    Parameters
    ----------
    curvatures : sequence of numbers or str
        The g_i, exact numbers: the negatives of the examples' curvatures.
    eta : number or str
        The learning rate, exact and positive.
    batch, replacement
        As for :func:`minibatches`.

    Returns
    -------
    sympy.Expr
        A sum of logarithms of rational numbers; minus infinity if a minibatch sends the path to the saddle.

    Raises
    ------
    InvalidArgument
        If eta is not positive, or as :func:`minibatches`.

    Examples
    --------
    >>> typical_growth((1, 3), 1, 1)
    log(2)/2 + log(4)/2
    >>> bool(typical_growth((-4, 4), 1, 1) > 0)  # factors of -3 and 5, whose mean is 1
    True
    """
    rate = exact_fraction("eta", eta)
    if rate <= 0:
        raise InvalidArgument("eta", f"must be positive, got {eta}", "use e.g. eta='1/10'")
    values = [exact_fraction("curvatures", value) for value in curvatures]
    counts: dict[Fraction, int] = {}
    total = 0
    for chosen in minibatches(len(values), batch, replacement=replacement):
        factor = abs(1 + rate * sum(values[i] for i in chosen) / batch)
        counts[factor] = counts.get(factor, 0) + 1
        total += 1
    if 0 in counts:
        return -sp.oo
    logs = (
        sp.Rational(times, total) * sp.log(symbols.number(factor), evaluate=False) for factor, times in counts.items()
    )
    return sp.Add(*logs)
