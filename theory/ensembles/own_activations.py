"""An activation of one's own: a name, a function and its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from theory.ensembles.arguments import InvalidArgument, is_symbol_name

Pointwise = Callable[[Any], Any]
"""Returns a number for each entry of a NumPy array, in an array of the same shape."""


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation of one's own, for ``Ensemble(activation=...)``, which montecarlo samples.

    Parameters
    ----------
    name : str
        A name that no other activation has; it stands for the activation in fingerprints and in the names of streams.
    value, derivative : callable
        phi and phi', entry by entry, of a NumPy array. They are functions at module level, so that they can travel to
        worker processes. Before anything is drawn they are called on a few numbers, and the one must be the derivative
        of the other. Hessians also ask for phi' at complex numbers, without conjugation, where the sign of a number is
        that of its real part.

    Raises
    ------
    InvalidArgument
        If the name is no word, or one of the two is no function.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> def cube(z):
    ...     return z**3
    >>> def thrice_the_square(z):
    ...     return 3 * z**2
    >>> net = Ensemble(width=8, depth=2, activation=Activation("cube", cube, thrice_the_square))
    >>> print(net.describe())
    width=8 depth=2 activation=cube init=xavier law=normal readout=random
    """

    name: str
    value: Pointwise
    derivative: Pointwise

    def __post_init__(self) -> None:
        name: object = self.name
        if not isinstance(name, str) or not is_symbol_name(name):
            raise InvalidArgument("activation", f"the name {name!r} is no word", "use e.g. Activation('cube', ...)")
        for role in ("value", "derivative"):
            function: object = getattr(self, role)
            if not callable(function):
                problem = f"the {role} of {name!r} cannot be called: {function!r:.60}"
                raise InvalidArgument("activation", problem, "give a function of an array")

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        """Return the call that makes the activation; its functions must be imported by their names."""
        functions = (getattr(f, "__qualname__", repr(f)) for f in (self.value, self.derivative))
        return f"Activation({self.name!r}, {', '.join(functions)})"
