"""From which starts gradient flow on two linear layers ends at the solution of minimum norm, and how near otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, ONE_OUTPUT, TWO_LAYERS, itself
from proofs_check.toolkit.balls import all_of, ball, not_above
from proofs_check.toolkit.rational_pairs import random_matrix, random_pair
from theory.balls import enclose, precision
from theory.dynamics.scalar_pairs import scalar_distance_square, scalar_growth


class Off(NamedTuple):
    """What is claimed of q = V U_2^T, the part of the solution off the row space, and of k = U_1 U_2^T.

    Parameters
    ----------
    dq, dk : sympy.Matrix
        How they move.
    end : sympy.Expr
        q of one output and rank one, after u + v has been multiplied by w and u - v divided by it.
    """

    dq: Any
    dk: Any
    end: Any


def off_row_space(
    q: Any, k: Any, g: Any, w: Any = 1, *, first: int = 1, second: int = 1, turned: bool = False
) -> Off:
    r"""q' = G^T k and k' = G q: where both vanish they stay 0. For one output and rank one q = q_0 cosh I + k_0 sinh I.

    Parameters
    ----------
    q, k : sympy.Matrix
        V U_2^T and U_1 U_2^T.
    g : sympy.Matrix
        G = Lambda_x (Theta - U_1 V^T).
    w : sympy.Expr
        exp(I) with I the integral of G, where that is a number.
    """
    cosh, sinh = (w + 1 / w) / 2, (w - 1 / w) / 2
    if turned:
        cosh, sinh = sinh, cosh
    return Off(first * g.T * k, second * g * q, second * q[0, 0] * cosh + first * k[0, 0] * sinh)


def _moves(claim: Claim) -> list[Obligation]:
    """Let the layers move by the rate eta, as a step of descent does; flow is its first order in eta.

    An entry of either product has letters of one row of U_2, two rows of the layers and one column at a time, so that
    r = m = 2, d - r = 1 and h = 2 stand for all sizes.
    """
    u1, v, g = (sp.Matrix(2, 2, sp.symbols(f"{name}1:5")) for name in ("u", "v", "g"))
    u2, eta = sp.Matrix([sp.symbols("w1:3")]), sp.Symbol("eta")
    after = (v + eta * g.T * u1) * u2.T, (u1 + eta * g * v) * u2.T
    claimed = claim(v * u2.T, u1 * u2.T, g)
    names = (("V U_2^T", after[0] - v * u2.T, claimed.dq), ("U_1 U_2^T", after[1] - u1 * u2.T, claimed.dk))
    return [
        Obligation(f"{name}, row {i + 1}", moved[i, 0], eta * speed[i, 0])
        for name, moved, speed in names
        for i in range(2)
    ]


def _multiplied(claim: Claim) -> list[Obligation]:
    """Multiply u + v by a number and divide u - v by it."""
    u, v, off = (sp.Matrix(sp.symbols(f"{name}1:3")) for name in ("u", "v", "w"))
    w = sp.Symbol("e", positive=True)
    end = (w * (u + v) - (u - v) / w) / 2
    claimed = claim(sp.Matrix([v.dot(off)]), sp.Matrix([u.dot(off)]), sp.Matrix([0]), w)
    return [Obligation("q", end.dot(off), claimed.end)]


_EXAMPLES = tuple(
    (sp.Rational(theta), sp.Rational(q), sp.Rational(k))
    for theta, q, k in ((1, 0, 0), (1, 0, 1), (1, 1, 0), ("3/5", 1, 1), (-2, "1/2", 3))
)
"""The target, q_0 and k_0: u = e_1 and v = e_2 of a width of 4 or more, and U_2 one row with the entries k_0 and q_0."""


def _ends_there(theta: sp.Rational, q: sp.Rational, k: sp.Rational) -> Callable[[Claim], bool | None]:
    """Compare the distance at which the solved flow ends with q in the end."""
    square = enclose(scalar_distance_square(sp.oo, 2, 2, 1, theta, (q**2, q * k, k**2)))
    w = sp.sqrt(scalar_growth(sp.oo, 2, 2, 1, theta))

    def judge(claim: Claim) -> bool | None:
        claimed = claim(sp.Matrix([q]), sp.Matrix([k]), sp.Matrix([0]), w).end
        return not_above(abs(enclose(sp.sympify(claimed, strict=True) ** 2) - square), ball(sp.Rational(1, 10**20)))

    return judge


INVARIANT_SET = Statement(
    id="linear2.invariant-set",
    title="Flow ends at the minimum-norm solution if both layers start orthogonal to U_2; one of them is not enough.",
    latex=(
        r"q=VU_2^T,\ k=U_1U_2^T:\quad\dot q=G^Tk,\ \dot k=Gq;\qquad "
        r"q=k=0\Rightarrow UV^T=X^+Y\text{ where }E=0;\qquad "
        r"r=m=1:\ q(t)=q_0\cosh I+k_0\sinh I,\quad I=\int_0^tG"
    ),
    source=f"{MIN}, on the invariant set; the solved case derived here",
    assumptions=(TWO_LAYERS,),
    claim=off_row_space,
    evidence=(
        Proved("a step with any G", _moves, "all r, m, h, d: the motion"),
        Proved("u + v and u - v multiplied and divided by one number", _multiplied, "all u, v, U_2"),
        Enumerated(
            "where solved flows end, to 20 digits",
            _EXAMPLES,
            _ends_there,
            label=lambda theta, q, k: f"theta = {theta}, q = {q}, k = {k}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("V U_2^T = 0 is enough", partial(off_row_space, first=0)),
        Mutant("U_1 U_2^T = 0 is enough", partial(off_row_space, second=0)),
        Mutant("cosh and sinh exchanged", partial(off_row_space, turned=True)),
        Mutant("k moves against q", partial(off_row_space, second=-1)),
    ),
)


def near_minimum_norm(
    what: str, *case: Any, half: int = 1, grows: int = 1, pair: bool = True
) -> Any:
    r"""|UV^T - X^+Y|_2 at T is at most the hypotenuse of e^J |[q; k]|_2 and e^{-lambda_r c T} |E(0)|_F/sqrt(lambda_r).

    Here J = sqrt(lambda_1) |E(0)|_F (1 - e^{-lambda_r c T})/(lambda_r c), and [q; k] grows at most by e^J.

    - ``speed`` is sqrt(lambda_1) |E|_F, at which [q; k] grows at most, given its two factors.
    - ``growth`` is e^J squared, given T, lambda_r, lambda_1, c and |E(0)|_F.
    - ``square`` is the square of the bound, given these, and |q|_2 and |[q; k]|_2 at the start.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "speed":
        root, error = case
        return grows * root * error / half
    time, least, greatest, c, error, *starts = case
    passed = (1 - sp.exp(-least * c * time)) / (least * c) if c else time
    growth = sp.exp(2 * grows * sp.sqrt(greatest) * error * passed / half)
    if what == "growth":
        return growth
    return growth * starts[int(pair)] ** 2 + sp.exp(-2 * least * c * time) * error**2 / least


_SHAPES = tuple((shape, seed) for shape in ((1, 1, 2), (1, 2, 3), (2, 1, 3), (2, 2, 4), (3, 2, 3)) for seed in range(8))


def _grows_no_faster(*case: Any) -> Callable[[Claim], bool | None]:
    """Judge the largest growth of [q; k] at one time, which is |G|_2: the rate of growth of the worst U_2."""
    pair = random_pair(*case)
    slope = pair.slope_square(40)

    def judge(claim: Claim) -> bool | None:
        with precision(40):
            speed = claim("speed", ball(max(pair.spectrum)).sqrt(), ball(2 * pair.excess()).sqrt())
            # with one output and rank one both are equal, which balls cannot tell
            return not_above(slope, speed**2 * (1 + ball(sp.Rational(1, 10**18))))

    return judge


_STARTS = tuple(
    (random_matrix(4, 1, seed), random_matrix(4, 1, seed + 1), random_matrix(2, 4, seed), *map(sp.Rational, numbers))
    for seed, numbers in enumerate((("1", "2"), ("1/4", "-1"), ("2", "1/2"), ("1/2", "3"), ("1", "0"), ("1/9", "-2")))
)
_DESIGNED = tuple(
    (sp.Matrix([1, 0, 0]), sp.Matrix([0, 1, 0]), sp.Matrix([off]), sp.S.One, theta)
    for off, theta in (([1, 1, 0], sp.Rational(3, 5)), ([1, 0, 0], sp.S.One))
)
"""u = e_1 and v = e_2. With U_2 along u + v the pair grows by e^{asinh(3/5)/2} = 1.329, and e^J is 1.350.

With U_2 along u the product q starts at 0, and ends at sinh(asinh(1)/2) = 0.455.
"""


def _solved_distances(starts: tuple[Any, ...], times: tuple[Any, ...], claim: Claim) -> Iterator[Inequality]:
    """The distance of a scalar network, whose flow is solved, lies below the bound."""
    for number, (u, v, off, lam, theta) in enumerate(starts, 1):
        plus, minus = (u + v).dot(u + v), (u - v).dot(u - v)
        q, k = off * v, off * u
        products = q.dot(q), q.dot(k), k.dot(k)
        gram = products[0] + products[2]  # [q; k] is two rows, whose Gram matrix is 2 x 2
        both = sp.sqrt((gram + sp.sqrt((products[0] - products[2]) ** 2 + 4 * products[1] ** 2)) / 2)
        c, error = sp.sqrt(plus * minus), sp.sqrt(lam) * abs(theta - u.dot(v))
        for time in times:
            distance = scalar_distance_square(time, plus, minus, lam, theta, products)
            bound = claim("square", time, lam, lam, c, error, sp.sqrt(products[0]), both)
            yield Inequality(f"start {number}, T = {time}", distance, bound)
            if off.rows == 1:  # then [q; k] is a vector: with z = e^{2I}, z |q+k|^2 + |q-k|^2/z is twice its square
                z = scalar_growth(time, plus, minus, lam, theta)
                ends = gram + 2 * products[1], gram - 2 * products[1]
                growth = claim("growth", time, lam, lam, c, error) * gram
                yield Inequality(f"start {number}, T = {time}: [q; k]", (z * ends[0] + ends[1] / z) / 2, growth)


MIN_NORM_DISTANCE = Statement(
    id="linear2.min-norm-distance",
    title="At each time the distance from the minimum-norm solution is bounded by the start's products with U_2.",
    latex=(
        r"\left|\begin{bmatrix}VU_2^T\\U_1U_2^T\end{bmatrix}(T)\right|_2"
        r"\le e^{J_T}\left|\begin{bmatrix}VU_2^T\\U_1U_2^T\end{bmatrix}(0)\right|_2,\quad "
        r"|U(T)V(T)^T-X^+Y|_2^2\le e^{2J_T}\left|\begin{bmatrix}VU_2^T\\U_1U_2^T\end{bmatrix}(0)\right|_2^2"
        r"+e^{-2\lambda_rcT}\frac{|E(0)|_F^2}{\lambda_r},\quad "
        r"J_T=\sqrt{\lambda_1}|E(0)|_F\frac{1-e^{-\lambda_rcT}}{\lambda_rc}"
    ),
    source=f"Gronwall's inequality, derived here; {MIN} bounds the distance for large h",
    assumptions=(TWO_LAYERS,),
    claim=near_minimum_norm,
    evidence=(
        Enumerated(
            f"the growth of the products with U_2 in {len(_SHAPES)} rational networks, every rounding bounded",
            _SHAPES,
            _grows_no_faster,
            apply=itself,
        ),
        Enclosed(
            "distances of solved flows at four times",
            partial(_solved_distances, _STARTS, tuple(map(sp.Rational, ("1/100", "1/2", "2", "10")))),
        ),
        Enclosed(
            "U_2 along u + v, where the growth is nearly met, and along u",
            partial(_solved_distances, _DESIGNED, (sp.Integer(20),)),
        ),
    ),
    mutants=(
        Mutant("no growth", partial(near_minimum_norm, grows=0)),
        Mutant("V U_2^T alone", partial(near_minimum_norm, pair=False)),
        Mutant("half the exponent", partial(near_minimum_norm, half=2)),
    ),
)

STATEMENTS = (INVARIANT_SET, MIN_NORM_DISTANCE)
