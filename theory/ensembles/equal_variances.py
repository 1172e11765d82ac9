"""Orthogonal weights as independent entries of the same variances, which is what means of squares depend on."""

from __future__ import annotations

from dataclasses import replace

from theory.ensembles.ensemble import Ensemble


def of_equal_variances(net: Ensemble) -> Ensemble:
    r"""Return a network of independent entries with the same mean squares of activations and gradients.

    Given what comes in, :math:`E|W_ka|^2 = n_ks_k^2|a|^2` for Haar distributed (semi-)orthogonal matrices as for
    independent entries. And for them, too, a row that changes its sign flips its mask and nothing else, so masks act as
    fair coins (:func:`theory.moments.gradients.gradient_moment`), and :math:`E|W_k^TDY|^2 = n_{k-1}s_k^2E|DY|^2`.
    Derived here.

    Parameters
    ----------
    net : Ensemble
        The network.

    Returns
    -------
    Ensemble
        The network; itself where its entries are independent already.

    Examples
    --------
    >>> of_equal_variances(Ensemble(widths=(2, 4, 5), activation="relu", init="orthogonal"))
    Ensemble(widths=(2, 4, 5), activation='relu', init='1/4,1/5')
    """
    if net.has_independent_entries:
        return net
    if net.is_constant_width:
        return net.at(init=replace(net.init, name="lecun"))
    assert net.widths is not None
    return net.at(init=[net.init.variance(*fans, 0) for fans in zip(net.widths, net.widths[1:], strict=False)])
