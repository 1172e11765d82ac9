"""What `derive` and `sample` can be asked for, one file each: a formula or a number of theory, an estimate, or both.

======================  ===================================================
activation              E|a_k|^order, of any real order
activation_limit        what it tends to with biases
kurtosis                E|a_k|^4/(E|a_k|^2)^2
kurtosis_limit          its limit along L = beta n
kurtosis_expansion      the same to the next order in 1/n
covariance              Cov(|a_j|^2, |a_k|^2)
correlation             Corr(|a_j|^2, |a_k|^2)
inner_product           E<a_k, a'_k>^order/(|x||x'|)^order of two inputs
norm_product            E|a_k|^2|a'_k|^2/(|x||x'|)^2 of two inputs
cosine_limit            the cosine of the angle between a_k and a'_k at infinite width
gradient                E|df/dW_k|_F^order
bias_gradient           E|df/db_k|^order
gradient_covariance     Cov(|df/dW_j|_F^2, |df/dW_k|_F^2)
gradient_correlation    Corr(|df/dW_j|_F^2, |df/dW_k|_F^2)
hessian                 E|H|_F^2, or E|d2f/dW_j dW_k|_F^order of two layers
log_norm                E log|a_k|^2, given survival
log_variance            Var log|a_k|^2, given survival
log_gradient            E log|df/dW_k|_F^2, given survival
survival                P(a_k is not 0)
median                  median of |a_k|^2
quantile                p-quantile of |a_k|^2
gradient_median         median of |df/dW_k|_F^2
exceedance              P(|a_k|^2 >= c |x|^2)
tail_bound              a bound on P(|a_k|^2 >= c |x|^2)
gradient_tail_bound     a bound on P(|df/dW_k|_F^2 >= c |x|^2)
width                   least n with P(|a_L|^2 >= c |x|^2) >= p
density                 density of |a_L|^2, at a point or as a formula
distribution            P(|a_k|^2 <= r)
output                  E|f|^order of the output f = <v, a_L>, of any real order
output_kurtosis         E f^4/(E f^2)^2
output_density          density of f, at a point or as a formula
output_distribution     P(f <= u)
output_exceedance       P(|f| >= c)
lyapunov_expansion      E log(|a_k|^2/|a_{k-1}|^2) in 1/n
log_variance_expansion  Var log(|a_k|^2/|a_{k-1}|^2) in 1/n
wide_limit              lim |a_k|^2/n_k as the width grows, any activation, with biases
fixed_point             where variances of preactivations settle with depth
edge_of_chaos           the n s^2 at which gradients keep their size
======================  ===================================================

A quantity is found because its file is here and says ``QUANTITY = Quantity(...)`` (:mod:`proofs_check.discovery`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proofs_check import discovery
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.answers.derivation import Derivation
    from proofs_check.answers.notation import Notation
    from proofs_check.answers.query import Query
    from proofs_check.answers.sampled import Sampled
    from proofs_check.answers.sampling import Sampling

OPTIONS = ("order", "layer", "layers", "p", "c", "cosine", "at", "digits", "readout", "input")
"""These options matter to some quantities only."""

__all__ = ["OPTIONS", "Quantity", "names", "quantity", "require_sampled", "require_taken"]


@dataclass(frozen=True)
class Quantity:
    """One thing that can be asked for.

    Parameters
    ----------
    left : callable
        Returns the left-hand side of the answer to a query.
    derive : callable
        Answers a query by theory.
    sample : callable, optional
        Answers it by montecarlo, given how many networks are to be drawn and where; by default nothing does.
    takes : tuple of str
        Which options matter, of :data:`OPTIONS`. Those of the ensemble that are not among them always do.
    sample_takes : tuple of str, optional
        Which options matter to `sample`; by default the same but the digits and the point.
    not_sampled : str
        Why it is no number that networks have, in words; where `sample` answers, or nothing is to be said, it is empty.
    sampled_layer : int, optional
        The layer that is sampled unless another is named; by default the last.
    default_order : int
        The order where none is given.
    instead : str
        The quantity that `sample` answers for networks of which theory knows nothing; it may be the same. Of what is
        not sampled it is the one that is.
    of_limits : bool
        Whether it is one of growing networks, so that letters stand for sizes that are not given.
    """

    left: Callable[[Query], Notation]
    derive: Callable[[Query], Derivation]
    sample: Callable[[Query, Sampling], Sampled] | None = None
    takes: tuple[str, ...] = ()
    sample_takes: tuple[str, ...] | None = None
    not_sampled: str = ""
    sampled_layer: int | None = None
    default_order: int = 2
    instead: str = ""
    of_limits: bool = False

    def taken_by(self, action: str) -> tuple[str, ...]:
        """Return the options that matter to an action, ``"derive"`` or ``"sample"``.

        Examples
        --------
        >>> quantity("median").taken_by("sample")
        ('layer', 'input')
        """
        if action == "derive":
            return self.takes
        if self.sample_takes is not None:
            return self.sample_takes
        return tuple(name for name in self.takes if name not in ("digits", "at"))


def names() -> tuple[str, ...]:
    """Return the names of all quantities, and load none.

    Examples
    --------
    >>> names()[:3]
    ('activation', 'activation-limit', 'kurtosis')
    """
    return discovery.names(__name__)


def quantity(name: str) -> Quantity:
    """Return the quantity of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.

    Examples
    --------
    >>> quantity("kurtosis-limit").sample is None
    True
    """
    if name not in names():
        raise InvalidArgument("quantity", f"there is no quantity {name!r}", nearest(name, names()))
    return discovery.load(__name__, name, "QUANTITY", Quantity)


def require_sampled(known: Quantity, name: str) -> None:
    """Refuse to sample what is only derived.

    Parameters
    ----------
    known : Quantity
        The quantity.
    name : str
        Its name, for the message.

    Raises
    ------
    InvalidArgument
        If nothing samples it; the message says which quantity has samples instead.
    """
    if known.sample is None:
        problem = f"{name!r} is {known.not_sampled or 'derived'}, and not sampled"
        remedy = f"derive it, or sample('{known.instead}', net)" if known.instead else "derive it"
        raise InvalidArgument("quantity", problem, remedy)


def require_taken(known: Quantity, action: str, name: str, typed: Mapping[str, object]) -> None:
    """Refuse an option that does not matter to a quantity.

    Parameters
    ----------
    known : Quantity
        The quantity.
    action : str
        ``"derive"`` or ``"sample"``.
    name : str
        Its name, for the message.
    typed : mapping
        The value of each option; None stands for one that was not given.

    Raises
    ------
    InvalidArgument
        If one was given that does not matter, the message says which do; or if the quantity is not sampled at all.

    Examples
    --------
    >>> require_taken(quantity("median"), "sample", "median", {"order": 4})
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: order: does not apply to median; it takes layer=..., input=...
    """
    if action == "sample":
        require_sampled(known, name)
    taken = known.taken_by(action)
    for option, value in typed.items():
        if value is not None and option not in taken:
            remedy = f"it takes {', '.join(f'{one}=...' for one in taken)}" if taken else "leave it out"
            if (option, name) == ("p", "median"):
                remedy = "ask for quantile"
            raise InvalidArgument(option, f"does not apply to {name}", remedy)
