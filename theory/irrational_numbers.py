"""Irrational numbers that formulas hold as one letter without a symbol: exact, with a value and a closed form."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.singleton import Singleton

from theory.ensembles.truncated_normal import truncated_coefficients


class _Rescaling(sp.NumberSymbol, metaclass=Singleton):  # type: ignore[misc,metaclass]
    r"""The number :math:`u = 1/(1 - 4\varphi(2)/\mathrm{erf}\sqrt2)`, 1 over the variance of a normal cut off at 2.

    It is one generator to SymPy's polynomials, which would take four for its closed form.
    """

    is_real = True
    is_positive = True
    is_number = True
    __slots__ = ()

    def doit(self, **_: Any) -> sp.Expr:
        """Return the closed form."""
        return 1 / (1 - 2 * sp.sqrt(2) * sp.exp(-2) / (sp.sqrt(sp.pi) * sp.erf(sp.sqrt(2))))

    def _as_mpf_val(self, prec: int) -> Any:
        return self.doit()._eval_evalf(prec + 10)._as_mpf_val(prec)

    def approximation_interval(self, _: Any) -> tuple[sp.Expr, sp.Expr]:
        """Return two fractions around it."""
        return sp.Rational(129, 100), sp.Rational(130, 100)

    def _sympystr(self, printer: Any) -> str:
        return f"({printer.doprint(self.doit())})"

    def _latex(self, printer: Any) -> str:
        return rf"\left({printer.doprint(self.doit())}\right)"

    def _sympyrepr(self, printer: Any) -> str:
        return f"({printer.doprint(self.doit())})"

    def _pythoncode(self, printer: Any) -> str:
        return f"({printer.doprint(self.doit())})"

    _numpycode = _scipycode = _mpmathcode = _pythoncode

    def __int__(self) -> int:
        return 1


RESCALING: sp.Expr = _Rescaling()
"""The number u, about 1.2925, by which frameworks rescale the variance of truncated normal weights."""


def truncated_normal_moment(m: int) -> sp.Expr:
    """Return the standardized moment of order 2m of the normal law cut off at two standard deviations.

    Parameters
    ----------
    m : int
        Half the order, from 1.

    Examples
    --------
    >>> truncated_normal_moment(2).n(12)
    2.36553671713
    """
    p, q = truncated_coefficients(m)
    return p * RESCALING**m + q * RESCALING ** (m - 1)


def closed_form(expression: sp.Expr) -> sp.Expr:
    """Return an expression with the closed forms of its irrational numbers.

    Examples
    --------
    >>> closed_form(RESCALING - 1)
    -1 + 1/(-2*sqrt(2)*exp(-2)/(sqrt(pi)*erf(sqrt(2))) + 1)
    """
    return expression.xreplace({RESCALING: RESCALING.doit()})
