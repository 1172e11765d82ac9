r"""Moments as sequences in the depth: recurrence, generating function, exact terms, and balls where those are huge.

With the transfer matrix M the moment is :math:`m_L = e_1^T M^L p_0`. By Cayley and Hamilton this sequence satisfies the
recurrence of M's characteristic polynomial, and :math:`\sum_L m_L z^L` is a rational function whose denominator is that
polynomial reversed. These are the answers where the powers of M have no closed form in L.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import flint
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from theory import symbols
from theory.balls import Ball, enclose_number, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.powers import has_closed_form, power_applied
from theory.moments.transfer import TransferMatrix, input_power_sums, transfer_matrix

_LARGEST_EXACT = 200_000
"""Exact terms of more bits than this are not offered; balls are."""
_MOST_TERMS_SHOWN = 2
"""Recurrences of more terms are not shown in notebooks."""


@dataclass(frozen=True)
class MomentSequence:
    """The sequence m_0, m_1, ... of a moment in the number of layers.

    Parameters
    ----------
    transfer : TransferMatrix
        The map of one layer.
    start : tuple of SymPy expressions
        The power sums of its basis at depth 0.

    Examples
    --------
    >>> from theory import Ensemble
    >>> sequence = activation_sequence(Ensemble(width=2, depth="L", init="1/2", law="rademacher"), 4)
    >>> sequence
    MomentSequence(order 4, a recurrence of 2 terms, in norm4_x, norm_x)
    >>> [sequence.term(depth) for depth in range(4)]
    [norm_x**4, -norm4_x**4 + 2*norm_x**4, -norm4_x**4 + 5*norm_x**4/2, -3*norm4_x**4/2 + 7*norm_x**4/2]
    """

    transfer: TransferMatrix
    start: tuple[sp.Expr, ...]

    def __repr__(self) -> str:
        letters = {str(letter) for entry in [*self.transfer.matrix, *self.start] for letter in entry.free_symbols}
        of = f", in {', '.join(sorted(letters))}" if letters else ""
        terms = f"{self.size} term{'' if self.size == 1 else 's'}"
        return f"MomentSequence(order {self.transfer.order}, a recurrence of {terms}{of})"

    def _repr_latex_(self) -> str | None:
        if self.size > _MOST_TERMS_SHOWN:  # they take long to find, and long to read
            return None
        before = [sp.Symbol(f"m_{{L-{j}}}") for j in range(1, self.size + 1)]
        following = sp.Add(*(c * m for c, m in zip(self.recurrence(), before, strict=True)))
        return rf"$\displaystyle m_L = {symbols.latex(following)},\quad m_0 = {symbols.latex(self.start[0])}$"

    @property
    def size(self) -> int:
        """The number d of terms of the recurrence."""
        return len(self.start)

    @property
    def has_closed_form(self) -> bool:
        """Whether the moment has a closed form in L: up to two terms, or with biases for normal weights."""
        return has_closed_form(self.transfer)

    @property
    def has_symbols(self) -> bool:
        """Whether the transfer matrix has symbols; those of the input do not count."""
        return bool(self.transfer.matrix.free_symbols)

    def recurrence(self) -> tuple[sp.Expr, ...]:
        """Return c_1, ..., c_d with m_L = c_1 m_{L-1} + ... + c_d m_{L-d}.

        Examples
        --------
        >>> from theory import Ensemble
        >>> activation_sequence(Ensemble(width=2, depth="L", init="1/2", law="rademacher"), 4).recurrence()
        (1, 1/2)
        """
        matrix = DomainMatrix.from_Matrix(self.transfer.matrix).to_field()
        return tuple(symbols.tidy(-matrix.domain.to_sympy(c)) for c in matrix.charpoly()[1:])

    def generating_function(self, z: sp.Symbol | None = None) -> sp.Expr:
        r"""Return :math:`\sum_{L\ge0} m_L z^L`, a rational function.

        Parameters
        ----------
        z : sympy.Symbol, optional
            The variable; by default ``z``, or another letter where the moments contain a symbol of that name.

        Examples
        --------
        >>> from theory import Ensemble
        >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", law="normal")
        >>> activation_sequence(net, 4).generating_function()
        -n*norm_x**4/(n*z - n + 5*z)
        """
        if z is None:
            taken = {str(symbol) for entry in [*self.transfer.matrix, *self.start] for symbol in entry.free_symbols}
            z = sp.Symbol(next(name for name in ("z", "t", "y", "z_") if name not in taken))
        denominator = 1 - sp.Add(*(c * z ** (j + 1) for j, c in enumerate(self.recurrence())))
        vector, series = sp.Matrix(self.start), sp.S.Zero
        for power in range(self.size):
            series += vector[0] * z**power
            vector = (self.transfer.matrix * vector).applyfunc(symbols.tidy)
        product = sp.expand(series * denominator)  # its terms below degree d are the numerator, the others cancel
        numerator = sp.Add(*(symbols.tidy(product.coeff(z, j)) * z**j for j in range(self.size)))
        return sp.factor(sp.together(numerator) / sp.together(denominator))

    def closed_form(self, depth: sp.Expr) -> sp.Expr:
        """Return m_L for a symbol L.

        Raises
        ------
        InvalidArgument
            If there is none (:attr:`has_closed_form`). Then only the generating function has a closed form.

        Examples
        --------
        >>> from theory import Ensemble
        >>> sequence = activation_sequence(Ensemble(width=2, depth="L", activation="relu", init="he"), 4)
        >>> sequence.closed_form(sp.Symbol("L"))
        (7/2)**L*norm_x**4
        """
        return power_applied(self.transfer, dict(zip(self.transfer.basis, self.start, strict=True)).__getitem__, depth)

    def term(self, depth: int) -> sp.Expr:
        """Return m_depth exactly.

        Raises
        ------
        InvalidArgument
            If the depth is not a whole number from 0 on.

        Examples
        --------
        >>> from theory import Ensemble
        >>> activation_sequence(Ensemble(width=2, depth="L", activation="relu", init="he", input="e1"), 4).term(2)
        49/4
        """
        return self.closed_form(sp.Integer(_require_depth(depth)))

    def fits(self, depth: int) -> bool:
        """Whether the exact term is short enough to be written down.

        Raises
        ------
        InvalidArgument
            If the depth is not a whole number from 0 on.

        Examples
        --------
        >>> from theory import Ensemble
        >>> sequence = activation_sequence(Ensemble(width=1000, depth="L", law="uniform", input="e1"), 12)
        >>> sequence.fits(100), sequence.fits(10**6)
        (True, False)
        """
        entries = [entry for entry in [*self.transfer.matrix, *self.start] if entry.is_Rational]
        # over a common denominator D the term is a sum of products of whole numbers, divided by D^depth
        below = math.lcm(*(int(entry.q) for entry in entries))
        above = max((abs(int(entry * below)) for entry in entries), default=1) * self.size
        return _require_depth(depth) * max(below.bit_length(), above.bit_length()) <= _LARGEST_EXACT

    def ball(self, depth: int, digits: int = 30) -> Ball:
        """Return m_depth in ball arithmetic, however huge: repeated squaring needs log2(depth) products.

        Parameters
        ----------
        depth : int
            L, below 2^62.
        digits : int
            The number of significant digits of the answer.

        Returns
        -------
        flint.arb

        Raises
        ------
        InvalidArgument
            If symbols remain, or the depth or the digits are out of range.

        Examples
        --------
        >>> from theory import Ensemble
        >>> net = Ensemble(width=1000, depth="L", activation="relu", init="he", law="uniform", input="e1")
        >>> print(activation_sequence(net, 12).ball(10**6, 10).str(10, radius=False))
        1.915118896e+32135
        """
        entries = [*self.transfer.matrix, *self.start]
        _require_depth(depth)
        require_digits(digits)
        if depth >= 1 << 62:
            raise InvalidArgument("depth", f"{depth} is beyond what can be squared up to", "use a smaller depth")
        if any(entry.free_symbols for entry in entries):
            names = sorted({str(symbol) for entry in entries for symbol in entry.free_symbols})
            raise InvalidArgument("depth", f"a number needs numbers, got the symbols {', '.join(names)}", "give them")
        with precision(digits + 10 + 2 * len(str(depth)) * self.size):
            exact = [enclose_number(entry) for entry in entries]
            d = self.size
            matrix, vector = flint.arb_mat(d, d, exact[: d * d]), flint.arb_mat(d, 1, exact[d * d :])
            return (matrix**depth * vector)[0, 0]


def _require_depth(depth: int) -> int:
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
        raise InvalidArgument("depth", f"must be 0, 1, 2, ..., got {depth!r}", "use e.g. 100")
    return depth


def activation_sequence(net: Ensemble, order: int) -> MomentSequence:
    r"""Derive :math:`E|a_L|^{order}` as a sequence in L, for constant width.

    Parameters
    ----------
    net : Ensemble
        A network of constant width; its own depth does not matter.
    order : int
        The power of the norm: 2, 4, 6, ...

    Returns
    -------
    MomentSequence

    Raises
    ------
    InvalidArgument
        If the order is not even and positive, the widths differ, or the entries are dependent.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", law="uniform")
    >>> activation_sequence(net, 6).size
    3
    """
    require_ensemble(net)
    net.require_equal_layers("differ, so there is no sequence in the depth", "use width=32")
    transfer = transfer_matrix(net, order)
    return MomentSequence(transfer, tuple(map(partial(input_power_sums, net), transfer.basis)))
