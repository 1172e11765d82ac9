"""A user's activation must work on arrays of any shape, be finite, and come with its own derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array, Numbers
from theory.ensembles import Activation, Ensemble, InvalidArgument

_POINTS = np.concatenate([-np.geomspace(8, 1e-3, 23), np.geomspace(1.3e-3, 9, 23)])
"""Numbers of all sizes that preactivations have, none of which is likely to be a kink."""
_STEP = 1e-5
_NEAR = 1e-4
"""A central difference may be so far from the derivative, relative to 1 and the derivative."""
_KINKS = 4
"""At so many of the points it may be farther off, as a kink may be near."""
_REMEDY = "use NumPy functions of whole arrays, e.g. Activation('cube', cube, thrice_the_square)"


def check_activation(net: Ensemble) -> None:
    """Refuse an ensemble whose own activation is unusable; do nothing if its activation is a known one.

    Parameters
    ----------
    net : Ensemble
        The ensemble.

    Raises
    ------
    InvalidArgument
        If one of the two functions is not vectorized, not finite, changes its argument, or is not the derivative of the
        other at some numbers between -8 and 9; the error says which.

    Examples
    --------
    >>> wrong = Activation("cube", lambda z: z**3, lambda z: z**2)
    >>> try:
    ...     check_activation(Ensemble(width=2, depth=2, activation=wrong))
    ... except InvalidArgument as error:
    ...     print(error.problem)
    the derivative of 'cube' is 64 at -8, where its values rise by 192
    """
    as_ensemble(net)
    own = net.activation
    if not isinstance(own, Activation):
        return
    _called(own, "value", _POINTS)
    slopes = np.asarray(_called(own, "derivative", _POINTS), np.float64)
    below, above = (_called(own, "value", _POINTS + step) for step in (-_STEP, _STEP))
    differences: Array = (above - below) / (2 * _STEP)
    apart = np.abs(differences - slopes) > _NEAR * (1 + np.abs(slopes))
    if np.count_nonzero(apart) > _KINKS:
        worst = int(np.argmax(apart))
        problem = (
            f"the derivative of {own.name!r} is {slopes[worst]:.4g} at {_POINTS[worst]:.4g}, "
            f"where its values rise by {differences[worst]:.4g}"
        )
        raise InvalidArgument("activation", problem, "give the function's own derivative")


def require_complex_slopes(net: Ensemble) -> None:
    """Refuse an own activation whose derivative cannot be taken at complex numbers, which Hessians need.

    Parameters
    ----------
    net : Ensemble
        The ensemble.

    Raises
    ------
    InvalidArgument
        If the derivative loses the imaginary part of its argument, or conjugates it.

    Examples
    --------
    >>> real = Activation("soft", lambda z: np.abs(z) * z, lambda z: 2 * np.abs(z))
    >>> try:
    ...     require_complex_slopes(Ensemble(width=2, depth=2, activation=real))
    ... except InvalidArgument as error:
    ...     print(error.remedy)
    write it without abs, conj, real or imag, e.g. np.where(z.real > 0, z, -z) for abs(z)
    """
    as_ensemble(net)
    own = net.activation
    if not isinstance(own, Activation):
        return
    check_activation(net)
    step = 1e-20
    try:
        second = _called(own, "derivative", _POINTS + 1j * step).imag / step
    except InvalidArgument as bad:
        raise InvalidArgument("activation", f"a Hessian needs complex numbers, and {bad.problem}", _REMEDY) from None
    below, above = (_called(own, "derivative", _POINTS + move) for move in (-_STEP, _STEP))
    differences = (above - below) / (2 * _STEP)
    if np.count_nonzero(np.abs(differences - second) > _NEAR * (1 + np.abs(second))) > _KINKS:
        problem = f"the derivative of {own.name!r} is not analytic: complex steps do not differentiate it"
        remedy = "write it without abs, conj, real or imag, e.g. np.where(z.real > 0, z, -z) for abs(z)"
        raise InvalidArgument("activation", problem, remedy)


def _called(own: Activation, role: str, points: Numbers) -> Numbers:
    """Return a function's values, and refuse one that is not vectorized, not finite or not pure."""
    function: Callable[[Any], Any] = getattr(own, role)
    given = points.reshape(2, -1).copy()
    try:
        with np.errstate(all="ignore"):
            out = np.asarray(function(given))
    except Exception as reason:  # whatever a user's function raises
        raise InvalidArgument(
            "activation", f"the {role} of {own.name!r} fails on an array: {reason}", _REMEDY
        ) from None
    kinds = "fciu" if np.iscomplexobj(given) else "fiu"
    if out.shape != given.shape or out.dtype.kind not in kinds:
        problem = f"the {role} of {own.name!r} returns {out.dtype} of shape {out.shape} for {given.shape}"
        raise InvalidArgument("activation", problem, _REMEDY)
    if not np.isfinite(out).all():
        worst = int(np.argmin(np.isfinite(out)))
        problem = f"the {role} of {own.name!r} is {out.flat[worst]} at {points[worst]:.4g}"
        raise InvalidArgument("activation", problem, _REMEDY)
    if not np.array_equal(given, points.reshape(2, -1)):
        raise InvalidArgument("activation", f"the {role} of {own.name!r} changes its argument", "return a new array")
    return out.reshape(-1)
