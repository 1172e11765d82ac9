"""Networks of any slopes, as networks of slopes from 0 to 1 with larger weights."""

from __future__ import annotations

from fractions import Fraction

from theory.ensembles.arguments import InvalidArgument
from theory.ensembles.ensemble import Ensemble


def of_usual_slope(net: Ensemble, who: str, *, signs: bool = False) -> tuple[Ensemble, Fraction]:
    r"""Return a network with the same law of norms and a slope from 0 to 1, and the factor of squared gradients.

    As weights and their negatives have one law, the sign of a slope does not matter, nor which side of 0 it is on;
    and :math:`\phi(Wx) = g\,\psi(Wx) = \psi(gWx)` for g the larger of both slopes. So a slope a below 0 and b
    above it are a slope |a|/b or b/|a| for weights of :math:`g^2` times the variance, jointly for all
    :math:`|a_k|`, and a derivative in W is g times one in gW. The same goes for biases that have one law with
    their negatives, which are multiplied by g too; constant ones allow it where both slopes are of one size, but for
    gradients. Derived here.

    Parameters
    ----------
    net : Ensemble
        The network.
    who : str
        The subject of the error's sentence, for what is no plain network.
    signs : bool
        Whether the argument needs a readout of independent signs, as gradients do.

    Returns
    -------
    net : Ensemble
        The network; itself where its slope is usual already.
    factor : Fraction
        :math:`g^2`, 1 where the network is itself.

    Raises
    ------
    InvalidArgument
        If the network is not plain, has constant biases with which signs matter, a law with atoms where slopes at 0
        do, or a fixed readout where signs do.

    Examples
    --------
    >>> of_usual_slope(Ensemble(width=4, depth=3, activation="pieces:-1:2", init="1/4"), "the norm")
    (Ensemble(width=4, depth=3, activation='leaky:1/2', init='1'), Fraction(4, 1))
    """
    if net.has_usual_slope:
        return net, Fraction(1)
    net.require_plain(who, biases=True)
    below, above = net.pieces
    assert isinstance(below, Fraction)
    if net.bias.name == "constant" and (signs or abs(below) != above):
        problem = f"{who} is known under {net.activation} for biases of one law with their negatives"
        raise InvalidArgument("bias", problem, "use a variance such as bias='1/10', or bias='none'")
    if signs and below != above and net.law.has_atoms:
        problem = (
            f"{net.law.name!r} has atoms, so a preactivation may be exactly 0, where {net.activation} has no slope"
        )
        raise InvalidArgument("law", problem, "use law='normal' or 'uniform', or activation='linear'")
    if signs and below < 0 and not net.has_sign_symmetric_readout:
        problem = f"{who} is known under {net.activation} for readouts of independent signs only"
        raise InvalidArgument("readout", problem, "use readout='random' or 'signs'")
    gain = max(abs(below), above)
    activation = f"leaky:{min(abs(below), above) / gain}"
    own = net.init.name in ("he", "fan-out", "geometric")  # they divide by the mean square of both slopes
    init = net.init if own else net.init.scaled(gain**2)
    return net.at(activation=activation, init=init, law=net.law, bias=net.bias.scaled(gain)), gain**2
