"""The laws that a random matrix symbol may stand for, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument, Law
from theory.ensembles.laws import parse_law
from theory.matrix_expectations.entry_laws import Entries
from theory.matrix_expectations.scalars import exact_scalar, in_one_line


@dataclass(frozen=True)
class Iid:
    """Independent entries of one symmetric law.

    Parameters
    ----------
    law : Law or str
        The law of an entry divided by its standard deviation: ``normal``, ``uniform``, ``rademacher``, ``symmetric`` or
        a :class:`theory.Law`. The moments of ``symmetric`` are the positive symbols K, m6, m8, ...
    variance : scalar
        The variance of an entry, which may contain the dimensions, such as 2/n.

    Examples
    --------
    >>> Iid("uniform").law.kurtosis
    Fraction(9, 5)
    """

    law: Law | str
    variance: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "law", parse_law(self.law))
        object.__setattr__(self, "variance", _variance(self.variance))


@dataclass(frozen=True, repr=False)
class Gaussian:
    """Jointly normal entries: independent and centered, unless a mean or covariances of rows or columns are given.

    The covariance of the entries ij and kl is ``variance * rowcov[i, k] * colcov[j, l]``, as in SciPy's
    ``matrix_normal``. So a matrix whose rows are independent N(0, Sigma) has ``colcov=Sigma``.

    Parameters
    ----------
    variance : scalar
        The variance of an entry, or what the covariances are multiplied by.
    mean : matrix, optional
        The mean, of the shape of the matrix; 0 if it is not given.
    rowcov : matrix, optional
        The symmetric matrix of covariances between rows: a symbol, the inverse of one, or an explicit matrix.
    colcov : matrix, optional
        The same between columns.

    Raises
    ------
    InvalidArgument
        If the variance is a negative number, or a covariance is not symmetric or no symbol.

    Examples
    --------
    >>> Gaussian(colcov=sp.MatrixSymbol("Sigma", 3, 3))
    Gaussian(variance=1, colcov=Sigma)
    """

    variance: Any = 1
    mean: Any = None
    rowcov: Any = None
    colcov: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", _variance(self.variance))
        object.__setattr__(self, "mean", None if self.mean is None else exact_matrix("mean", self.mean))
        for name in ("rowcov", "colcov"):
            given = getattr(self, name)
            known = None if given is None else covariance(name, given)
            object.__setattr__(self, name, None if isinstance(known, sp.Identity) else known)

    def __repr__(self) -> str:
        given = {"variance": self.variance, "mean": self.mean, "rowcov": self.rowcov, "colcov": self.colcov}
        return f"Gaussian({', '.join(f'{name}={in_one_line(v)}' for name, v in given.items() if v is not None)})"


@dataclass(frozen=True)
class ComplexGaussian:
    """Independent circular complex normal entries z, with E z = E z^2 = 0 and E|z|^2 the variance.

    Conjugates are written as ``sympy.Adjoint(Z)``, the conjugate transpose, or ``Z.conjugate()``.

    Parameters
    ----------
    variance : scalar
        E|z|^2, the sum of the variances of the real and the imaginary part, which are equal.
    """

    variance: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", _variance(self.variance))


@dataclass(frozen=True)
class Haar:
    """The uniform law on the orthogonal matrices of a size, reflections included.

    With a symbolic size n the answer is the rational function that is right for n >= order/2. For a smaller size give
    the number itself, for which the answer is exact as well.
    """


@dataclass(frozen=True)
class Unitary:
    """The uniform law on the unitary matrices of a size.

    Its conjugate is written as ``sympy.Adjoint(U)``, the conjugate transpose, or ``U.conjugate()``. With a symbolic
    size n the answer is the rational function that is right for n >= order/2; for a smaller size give the number.
    """


@dataclass(frozen=True)
class Wishart:
    """The law of G G^T, where G has independent normal columns.

    Its inverse may occur, too, as ``S.I``, alone and not together with the matrix itself.

    Parameters
    ----------
    dof : scalar
        The number of columns of G, the degrees of freedom.
    scale : scalar or matrix
        The variance of an entry of G, or the covariance matrix of its columns.

    Raises
    ------
    InvalidArgument
        If the number of columns is a number, but no positive integer.
    """

    dof: Any
    scale: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "dof", _degrees_of_freedom(self.dof))
        object.__setattr__(self, "scale", _scale(self.scale))


@dataclass(frozen=True)
class InverseWishart:
    """The law of the inverse of a Wishart matrix: its mean is scale/(dof - p - 1) for size p.

    The inverse of the matrix, ``T.I``, which is a Wishart matrix of scale 1/scale, may occur alone. The mean of a
    product of k factors is finite only where dof > p + 2k - 1; where sizes are symbols, the answer holds there.

    Parameters
    ----------
    dof : scalar
        The degrees of freedom of the Wishart matrix.
    scale : scalar or matrix
        The inverse of the Wishart matrix's scale.

    Raises
    ------
    InvalidArgument
        If the degrees of freedom are a number, but no positive integer.
    """

    dof: Any
    scale: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "dof", _degrees_of_freedom(self.dof))
        object.__setattr__(self, "scale", _scale(self.scale))


@dataclass(frozen=True)
class Mask:
    """A diagonal matrix with independent entries, which are 1 or the slope with probability 1/2 each.

    The masks of an activation have this law where they are as if independent of symmetric preactivations.

    Parameters
    ----------
    slope : scalar
        The activation's slope for negative arguments; 0 for ReLU.
    """

    slope: Any = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", exact_scalar("slope", self.slope))


@dataclass(frozen=True)
class Symmetric:
    """A fixed real matrix that equals its transpose: not random, but A and A^T are the same."""


MatrixLaw = Iid | Entries | Gaussian | ComplexGaussian | Haar | Unitary | Wishart | InverseWishart | Mask | Symmetric
"""A matrix symbol has one of these laws."""


def inverse_of(law: Wishart | InverseWishart) -> Wishart | InverseWishart:
    """Return the law of the inverse.

    Examples
    --------
    >>> inverse_of(Wishart(5, 2))
    InverseWishart(dof=5, scale=1/2)
    """
    scale = law.scale
    if isinstance(scale, sp.MatrixBase):
        if scale.det() == 0:
            raise InvalidArgument("scale", f"{in_one_line(scale)} has no inverse", "give a positive definite matrix")
        scale = scale.inv().as_immutable()
    elif is_matrix(scale):
        scale = sp.Inverse(scale).doit()
    else:
        scale = 1 / scale
    return InverseWishart(law.dof, scale) if isinstance(law, Wishart) else Wishart(law.dof, scale)


def is_matrix(value: Any) -> bool:
    """Whether a value is a matrix, explicit or an expression.

    Examples
    --------
    >>> is_matrix(sp.eye(2)), is_matrix(sp.Integer(2))
    (True, False)
    """
    return isinstance(value, (sp.MatrixBase, sp.MatrixExpr))


def exact_matrix(argument: str, value: Any) -> Any:
    """Read a matrix: an expression, or an explicit matrix, whose floats are taken as their exact binary values.

    Parameters
    ----------
    argument : str
        The argument's name, with which an error message begins.
    value : object
        What the caller gave.

    Raises
    ------
    InvalidArgument
        If it is no matrix.

    Examples
    --------
    >>> exact_matrix("mean", sp.Matrix([[0.5]]))
    Matrix([[1/2]])
    """
    if not is_matrix(value):
        remedy = "give a sympy.MatrixSymbol, an expression in some, or a sympy.Matrix"
        raise InvalidArgument(argument, f"cannot read {in_one_line(value)} as a matrix", remedy)
    if isinstance(value, sp.MatrixBase):
        return value.applyfunc(lambda entry: exact_scalar(argument, entry)).as_immutable()
    return value


def covariance(argument: str, value: Any) -> Any:
    """Read a covariance matrix: a symbol, which is symmetric from now on, the inverse of one, or explicit numbers.

    Parameters
    ----------
    argument, value
        As for :func:`exact_matrix`.

    Raises
    ------
    InvalidArgument
        If it is none of these, or not symmetric.

    Examples
    --------
    >>> covariance("rowcov", sp.Matrix([[2, 1], [1, 2]]))
    Matrix([
    [2, 1],
    [1, 2]])
    """
    matrix = exact_matrix(argument, value)
    if isinstance(matrix, sp.MatrixBase):
        if matrix.rows != matrix.cols or matrix != matrix.T:
            raise InvalidArgument(argument, f"{in_one_line(matrix)} is not symmetric", "give a covariance matrix")
        if matrix.is_positive_semidefinite is False:
            raise InvalidArgument(argument, f"{in_one_line(matrix)} has a negative eigenvalue", "check its entries")
        return matrix
    inner = matrix.arg if isinstance(matrix, sp.Inverse) else matrix
    if not isinstance(inner, (sp.MatrixSymbol, sp.Identity)):
        problem = f"{in_one_line(matrix)} is neither a symbol nor an explicit matrix"
        raise InvalidArgument(argument, problem, "give it a symbol, and put it in afterwards")
    if sp.expand(matrix.rows - matrix.cols) != 0:
        shape = "x".join(map(str, matrix.shape))
        raise InvalidArgument(argument, f"{matrix} is {shape}, and no covariance matrix", "make it square")
    return matrix


def _scale(value: Any) -> Any:
    if is_matrix(value):
        known = covariance("scale", value)
        return sp.S.One if isinstance(known, sp.Identity) else known
    scale = exact_scalar("scale", value)
    if scale.is_number and scale.is_nonpositive:
        raise InvalidArgument("scale", f"must be positive, got {scale}", "use 1, or a symbol")
    return scale


def _variance(value: Any) -> sp.Expr:
    variance = exact_scalar("variance", value)
    if variance.is_number and variance.is_negative:
        raise InvalidArgument("variance", f"is negative: {variance}", "use 1, or a symbol")
    return variance


def _degrees_of_freedom(value: Any) -> sp.Expr:
    dof = exact_scalar("dof", value)
    if dof.is_number and not (dof.is_Integer and dof.is_positive):
        raise InvalidArgument("dof", f"must be a positive integer, got {dof}", "use 5, or a symbol")
    return dof
