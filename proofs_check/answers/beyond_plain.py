"""Typical sizes in other architectures than the plain one, and of orthogonal weights."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula, number
from proofs_check.answers.log_laws import LogLaw, activation_law
from proofs_check.answers.query import Query
from theory import symbols
from theory.architectures.orthogonal import orthogonal_log_mean, orthogonal_log_variance
from theory.architectures.residual import enclosed_log_mean, enclosed_log_variance
from theory.balls import enclose, precision
from theory.ensembles import InvalidArgument

_DIGITS = 25


def log_cumulant(query: Query, order: int) -> Derivation | None:
    """Answer with the mean or the variance of log|a_L|^2, where that is known.

    Parameters
    ----------
    query : Query
        The question.
    order : int
        1 for the mean, 2 for the variance.

    Returns
    -------
    Derivation or None
        None for plain networks of independent entries, which :mod:`proofs_check.answers.log_laws` answers.

    Raises
    ------
    InvalidArgument
        For an architecture in which it is not known, or another layer than the last.
    """
    net = query.net
    assumed = what_is_assumed(query, *((assumptions.SURVIVAL,) if net.can_die else ()))
    orthogonal = net.architecture.is_plain and not net.has_independent_entries
    if net.architecture.name != "residual" and not orthogonal:
        return None
    if query.layer not in (None, net.depth):
        raise InvalidArgument("layer", f"must be the last, {net.depth}, here, got {query.layer}", "leave it out")
    if orthogonal:
        return formula(query, (orthogonal_log_mean if order == 1 else orthogonal_log_variance)(net), assumed)
    digits = query.digits or _DIGITS
    if order == 2:
        return number(query, None, ball=enclosed_log_variance(net, digits), assumed=assumed)
    mean = enclosed_log_mean(net, digits)
    with precision(digits + 15):
        mean = mean + enclose(symbols.input_power_sum(net, 2), digits).log()
    return number(query, None, ball=mean, assumed=assumed)


def log_law(query: Query) -> LogLaw:
    """Return what theory knows of the law of log|a_k|^2, in whatever architecture.

    Parameters
    ----------
    query : Query
        The question.

    Raises
    ------
    InvalidArgument
        If theory knows nothing of it.
    """
    if log_cumulant(query, 1) is None:
        return LogLaw.of(activation_law(query))

    def cumulant(order: int) -> float:
        known = log_cumulant(query, order) if order <= _KNOWN_ORDERS else None
        if known is None or known.value is None:
            kind = "init" if query.net.architecture.is_plain else "architecture"
            problem = f"theory knows only {_KNOWN_ORDERS} cumulants of this logarithm, and its interval needs four"
            raise InvalidArgument(kind, problem, "sample the log-norm, or quantiles")
        return known.value

    # a layer of Haar orthogonal weights turns off all n units with probability 2^-n, as the signs are symmetric
    n, depth = int(query.net.width_at(0)), int(query.net.depth)
    return LogLaw(cumulant, (1 - 0.5**n) ** depth if query.net.can_die else 1.0)


_KNOWN_ORDERS = 2
