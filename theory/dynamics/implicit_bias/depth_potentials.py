r"""Diagonal networks of depth N, :math:`w = u^N-v^N`, u = v = :math:`\alpha` at first: mirror map and potential.

*Flow.* If a coordinate's loss has the gradient -g in w, then :math:`\dot u = Nu^{N-1}g` and :math:`\dot v =
-Nv^{N-1}g`, so :math:`\dot w = N^2(u^{2N-2}+v^{2N-2})g`. The flow keeps uv for N = 2, and :math:`u^{2-N}+v^{2-N}` for
N > 2. With :math:`G = \int g\,dt` and :math:`c = N(N-2)\alpha^{N-2}G`, which stays in (-1, 1),

.. math:: u, v = \alpha e^{\pm2G} \quad (N = 2), \qquad u, v = \alpha(1\mp c)^{-1/(N-2)} \quad (N > 2).

So w is an increasing function :math:`h_N(G)`. With :math:`w_0 = \alpha^N`, :math:`p = N/(N-2)` and :math:`s =
\frac N2\log\frac uv`, which is 4G for N = 2 and :math:`p\,\mathrm{artanh}\,c` for N > 2,

.. math:: h_N = w_0\bigl((1-c)^{-p}-(1+c)^{-p}\bigr) = 2w_0\sinh(s)\cosh(s/p)^p.

In s nothing cancels, neither at 0 nor at the pole c = 1; :mod:`theory.dynamics.implicit_bias.depth_enclosures` and
:mod:`theory.dynamics.implicit_bias.depth_maps` compute with it, in balls and in floats.

*Potential.* On data X, y the flow has :math:`G = X^T\nu` with :math:`\nu = \int r\,dt/n`, r the residuals. So at every
time w minimizes :math:`\sum_iQ(w_i)`, :math:`Q' = h_N^{-1}`, among all points with the same Xw. Its conjugate is
:math:`Q^*(G) = \int h_N = (u^2+v^2-2\alpha^2)/(2N)`.

*Bounds.* Let w > 0. As :math:`v \le \alpha`, :math:`w \le u^N \le w+w_0`. As :math:`N(N-2)G = \alpha^{2-N}-u^{2-N}`,

.. math:: \frac{\alpha^{2-N}-w^{2/N-1}}{N(N-2)} \le h_N^{-1}(w) \le \frac{\alpha^{2-N}-(w+w_0)^{2/N-1}}{N(N-2)}.

*Time.* If X has orthogonal columns of norm :math:`\sqrt n`, coordinates decouple: g = z - w, and w reaches w < z after
:math:`T = \int_0^{G(w)}dG/(z-h_N(G))`. With :math:`r = \log(u/\alpha)` this is

.. math:: T = \int_0^{r(w)}\frac{e^{-(N-2)r}\,dr}{N\alpha^{N-2}(z-h)}, \qquad
          h = w_0\bigl(e^{Nr}-(2-e^{-(N-2)r})^{-p}\bigr).
"""

from __future__ import annotations

from dataclasses import dataclass

import flint
import sympy as sp

from theory import symbols
from theory.balls import enclose, less
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar

_DEEPEST = 1000
"""At greater depths the exact powers of numbers are too long."""


@dataclass(frozen=True)
class DepthPotential:
    r"""The mirror map of one coordinate :math:`w = u^N-v^N`, both of whose factors start at :math:`\alpha`.

    Parameters
    ----------
    depth : int or str
        The depth N, from 2 to 1000. A name stands for a depth above 2.
    start : number, name or expression
        The weight :math:`\alpha > 0` at which u and v start. In units of coordinates this is :math:`w_0 = \alpha^N`.

    Raises
    ------
    InvalidArgument
        If the depth is none of these, or the start is not positive.

    References
    ----------
    arXiv:2108.05574 has the networks; arXiv:2002.09277, theorem 3, has the potential. Derived anew in the docstring of
    this module.

    Examples
    --------
    >>> two, three = DepthPotential(2, "1/10"), DepthPotential(3, "1/10")
    >>> two.scale, three.scale, three.pole
    (1/100, 1/1000, 10/3)
    >>> three.coordinate(3)
    6858/6859
    """

    depth: int | str
    start: sp.Expr

    def __post_init__(self) -> None:
        depth = size("depth", self.depth)
        if isinstance(depth, int) and not 2 <= depth <= _DEEPEST:
            problem = f"must be between 2 and {_DEEPEST}, got {depth}"
            raise InvalidArgument("depth", problem, "use e.g. depth=3, or a name for a depth above 2")
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "start", symbols.positive("start", self.start))
        if isinstance(self.start, sp.Symbol) and self.start.name == depth:
            raise InvalidArgument("start", f"has the name of the depth, {depth}", "use another name")

    @property
    def order(self) -> sp.Expr:
        """The depth N as a SymPy number or symbol."""
        return symbols.whole(self.depth)

    @property
    def scale(self) -> sp.Expr:
        r"""The start :math:`w_0 = \alpha^N` in units of coordinates."""
        return self.start**self.order

    @property
    def pole(self) -> sp.Expr:
        r"""The bound :math:`\alpha^{2-N}/(N(N-2))` that :math:`|G|` never reaches; infinite for N = 2."""
        return sp.oo if self.depth == 2 else self.start ** (2 - self.order) / (self.order * (self.order - 2))

    def factors(self, dual: Scalar) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive u and v at G.

        Parameters
        ----------
        dual : number, name or expression
            The integral G of g over time, between plus and minus the pole.

        Returns
        -------
        (u, v) : SymPy expressions

        Raises
        ------
        InvalidArgument
            If G is not real, or a number that is not between the poles.

        Examples
        --------
        >>> DepthPotential(2, "a").factors("G"), DepthPotential(4, "a").factors("G")[0]
        ((a*exp(2*G), a*exp(-2*G)), a/sqrt(-8*G*a**2 + 1))
        """
        G, N = symbols.real("dual", dual), self.order
        if self.depth == 2:
            return self.start * sp.exp(2 * G), self.start * sp.exp(-2 * G)
        c = N * (N - 2) * self.start ** (N - 2) * G
        if c.is_number and not less(abs(enclose(c)), flint.arb(1)):
            raise InvalidArgument("dual", f"must be between {-self.pole} and {self.pole}, got {G}", "go less far")
        return self.start * (1 - c) ** (-1 / (N - 2)), self.start * (1 + c) ** (-1 / (N - 2))

    def coordinate(self, dual: Scalar) -> sp.Expr:
        r"""Derive :math:`w = h_N(G) = u^N-v^N`; parameters and errors are those of :meth:`factors`.

        Examples
        --------
        >>> DepthPotential(4, "a").coordinate("G")
        -a**4/(8*G*a**2 + 1)**2 + a**4/(-8*G*a**2 + 1)**2
        """
        u, v = self.factors(dual)
        return sp.powdenest(u**self.order) - sp.powdenest(v**self.order)

    def slope(self, dual: Scalar) -> sp.Expr:
        r"""Derive :math:`dw/dG = N^2(u^{2N-2}+v^{2N-2})`; parameters and errors are those of :meth:`factors`.

        Examples
        --------
        >>> DepthPotential(2, "a").slope("G")
        4*a**2*exp(4*G) + 4*a**2*exp(-4*G)
        """
        u, v = self.factors(dual)
        N = self.order
        return sp.expand(N**2 * (sp.powdenest(u ** (2 * N - 2)) + sp.powdenest(v ** (2 * N - 2))))

    def conjugate(self, dual: Scalar) -> sp.Expr:
        r"""Derive :math:`Q^*(G) = \int_0^Gh_N`; parameters and errors are those of :meth:`factors`.

        Examples
        --------
        >>> G = sp.Symbol("G", positive=True)
        >>> three = DepthPotential(3, "a")
        >>> sp.simplify(three.conjugate("G").diff(G) - three.coordinate("G"))
        0
        """
        u, v = self.factors(dual)
        return (sp.powdenest(u**2) + sp.powdenest(v**2) - 2 * self.start**2) / (2 * self.order)

    def dual_bounds(self, coordinate: Scalar) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on the inverse :math:`G = h_N^{-1}(w)`; for N = 2 both are the exact inverse.

        Parameters
        ----------
        coordinate : number, name or expression
            A positive w.

        Returns
        -------
        (lower, upper) : SymPy expressions

        Raises
        ------
        InvalidArgument
            If w is not positive.

        Examples
        --------
        >>> DepthPotential(2, "a").dual_bounds("w")[0]
        log(sqrt(1 + w**2/(4*a**4)) + w/(2*a**2))/4
        >>> [round(float(end), 4) for end in DepthPotential(3, "1/10").dual_bounds("1/2")]
        [2.9134, 2.9136]
        """
        w, N = symbols.positive("coordinate", coordinate), self.order
        if self.depth == 2:
            ratio = w / (2 * self.scale)
            exact = sp.log(ratio + sp.sqrt(1 + ratio**2)) / 4
            return exact, exact
        low, high = ((self.start ** (2 - N) - place ** (2 / N - 1)) / (N * (N - 2)) for place in (w, w + self.scale))
        return low, high

    def time(self, coordinate: Scalar, target: Scalar) -> sp.Expr:
        r"""Derive the exact time from 0 to w on a target z > w, for an orthonormal design and N = 2.

        Parameters
        ----------
        coordinate, target : number, name or expression
            w and z, positive, with w < z.

        Returns
        -------
        sympy.Expr
            With :math:`b = 2\alpha^2` and :math:`R = \sqrt{z^2+b^2}`,
            :math:`\frac1{4R}\log\frac{z(wz+b^2+R\sqrt{w^2+b^2})}{(z-w)b(b+R)}`.

        Raises
        ------
        InvalidArgument
            For other depths, which :func:`~theory.dynamics.implicit_bias.depth_enclosures.enclosed_time` knows, and if
            not 0 < w < z.

        Examples
        --------
        >>> time = DepthPotential(2, "1/1000").time("99/100", 1)
        >>> print(enclose(time).str(8, radius=False))
        4.6026571
        """
        if self.depth != 2:
            raise InvalidArgument("depth", "has a time in closed form at 2 only", "use enclosed_time or its bounds")
        w, z = self.on_the_way(coordinate, target)
        b = 2 * self.scale
        R = sp.sqrt(z**2 + b**2)
        return sp.log(z * (w * z + b**2 + R * sp.sqrt(w**2 + b**2)) / ((z - w) * b * (b + R))) / (4 * R)

    def on_the_way(self, coordinate: Scalar, target: Scalar) -> tuple[sp.Expr, sp.Expr]:
        """Read a coordinate and the target that it is on its way to.

        Parameters
        ----------
        coordinate, target : number, name or expression
            w and z, positive, with w < z.

        Raises
        ------
        InvalidArgument
            If one is not positive, or w is not below z.

        Examples
        --------
        >>> DepthPotential(3, "a").on_the_way("1/2", "z")
        (1/2, z)
        """
        w, z = symbols.positive("coordinate", coordinate), symbols.positive("target", target)
        if (z - w).is_number and not (z - w).is_positive:
            raise InvalidArgument("coordinate", f"must be below the target {z}, got {w}", "use e.g. 99/100 of it")
        return w, z
