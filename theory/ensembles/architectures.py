"""How layers are put together: plain, beside the identity, or behind a normalization."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.ensembles.arguments import InvalidArgument, exact_fraction, is_symbol_name, nearest

_FORMS = ("plain", "residual:ALPHA", "residual:ALPHA:two", "layernorm", "batchnorm:B")
_BRANCHES = ("linear", "relu", "two")
_OF_DEPTH = ("1/sqrt(L)", "1/L")
_LEAST_SCALE = Fraction(1, 10**100)
"""The least scale of a branch: the square of a smaller one would underflow."""
_LEAST_BATCH, _LARGEST_BATCH = 3, 10**6
_EXAMPLE = "use e.g. 'residual:1/sqrt(L)', 'residual:1/L' or 'residual:1'"


@dataclass(frozen=True)
class Architecture:
    r"""How a layer's output follows from its preactivations :math:`z_k = W_k a_{k-1}`.

    ===================  =============================================================================================
    plain                :math:`a_k = \phi(z_k)`
    residual:ALPHA       :math:`a_k = a_{k-1} + \alpha\,\phi(z_k)` [1]_
    residual:ALPHA:two   :math:`a_{2j} = a_{2j-2} + \alpha\,W_{2j}\,\phi(W_{2j-1}a_{2j-2})`: two matrices a branch [1]_
    layernorm            :math:`a_k = \phi(\hat z_k)`, z standardized over the units of its layer [2]_
    batchnorm:B          the same, each unit standardized over a batch of B independent normal inputs [3]_
    ===================  =============================================================================================

    The scale ALPHA is a number, a symbol's name, ``1/sqrt(L)`` or ``1/L``, where L is the number of branches. The scale
    0 stands for fixup [4]_: branches of two matrices at scale 1, the second of which starts at 0. Normalizations have
    neither gain nor shift, nor a small number under the root. Behind batch norm f is the output on the first input of
    the batch, on which the others act through the statistics.

    Parameters
    ----------
    name : str
        ``plain``, ``residual``, ``layernorm`` or ``batchnorm``.
    alpha : Fraction or str, optional
        The scale of a residual branch.
    branch : str, optional
        ``linear`` or ``relu``, a branch of one matrix without or with the ensemble's activation, or ``two``.
    batch : int or str, optional
        The size B of the batch, a number from 3 to a million, or a symbol's name.

    References
    ----------
    .. [1] K. He et al., arXiv:1512.03385.
    .. [2] J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450, eqs. (3) and (4).
    .. [3] S. Ioffe and C. Szegedy, arXiv:1502.03167, algorithm 1.
    .. [4] H. Zhang, Y. N. Dauphin and T. Ma, arXiv:1901.09321.

    Examples
    --------
    >>> Architecture.parse("residual:1/2", activation="relu")
    Architecture(name='residual', alpha=Fraction(1, 2), branch='relu', batch=None)
    >>> Architecture.parse("batchnorm:16", activation="relu").describe()
    'batchnorm:16'
    """

    name: str
    alpha: Fraction | str | None = None
    branch: str | None = None
    batch: int | str | None = None

    @classmethod
    def parse(cls, value: object, activation: str) -> Architecture:
        """Read the ``architecture`` argument.

        Parameters
        ----------
        value : str or Architecture
            One of the forms above; ``residual:ALPHA:linear`` and ``residual:ALPHA:relu`` say what the activation says.
        activation : str
            The activation of the ensemble, which decides what a branch of one matrix is.

        Raises
        ------
        InvalidArgument
            If the form is unknown, or its scale, branch or batch is out of range.
        """
        own = "linear" if activation == "linear" else "relu"
        if isinstance(value, Architecture):
            value = value.describe()  # so that it is checked, and a branch of one matrix follows the activation
        if not isinstance(value, str):
            problem = f"must be a string, got {value!r}"
            raise InvalidArgument("architecture", problem, f"use one of {', '.join(_FORMS)}")
        name, _, rest = (part.strip() for part in value.partition(":"))
        match name.lower(), rest:
            case "plain" | "layernorm", "":
                return cls(name.lower())
            case "residual", _ if rest:
                alpha, _, branch = (part.strip() for part in rest.partition(":"))
                kind = branch.lower() or own
                return cls("residual", _scale(alpha, kind), _branch(kind, own, activation))
            case "batchnorm", _ if rest:
                return cls("batchnorm", batch=_batch(rest))
        if name.lower() in ("residual", "batchnorm"):
            missing, remedy = (
                ("scale", _EXAMPLE) if name.lower() == "residual" else ("batch", "use e.g. 'batchnorm:16'")
            )
            raise InvalidArgument("architecture", f"{value!r} lacks its {missing}", remedy)
        raise InvalidArgument("architecture", f"there is no architecture {value!r}", nearest(value, _FORMS))

    @property
    def is_plain(self) -> bool:
        """Whether a layer is its matrix and its activation, and nothing else."""
        return self.name == "plain"

    @property
    def matrices_a_branch(self) -> int:
        """The number of matrices in a residual branch, 1 or 2."""
        return 2 if self.branch == "two" else 1

    @property
    def symbol(self) -> str | None:
        """The name that stands for the scale or for the batch, if one does."""
        part = self.alpha if self.name == "residual" else self.batch
        return part if isinstance(part, str) and part not in _OF_DEPTH else None

    def describe(self) -> str:
        """Return the text that the architecture is read from."""
        match self.name:
            case "residual":
                follows = self.branch in (None, "linear", "relu")  # the activation, which says the same
                return f"residual:{self.alpha}" + ("" if follows else f":{self.branch}")
            case "batchnorm":
                return f"batchnorm:{self.batch}"
            case _:
                return self.name


def _scale(text: str, branch: str) -> Fraction | str:
    if text.lower() in _BRANCHES:
        raise InvalidArgument("architecture", f"the branch {text!r} stands where its scale should", _EXAMPLE)
    if text == "L":
        raise InvalidArgument("architecture", "L is the number of branches, and no name for their scale", _EXAMPLE)
    if text in _OF_DEPTH or is_symbol_name(text):
        return text
    alpha = exact_fraction("architecture", text)
    if alpha < 0:
        raise InvalidArgument("architecture", f"the scale must not be negative, got {alpha}", _EXAMPLE)
    if alpha and not _LEAST_SCALE <= alpha <= 1 / _LEAST_SCALE:
        problem = f"the scale must be 0, or lie between 1e-100 and 1e+100, got {text:.40}"
        raise InvalidArgument("architecture", problem, _EXAMPLE)
    if alpha == 0 and branch != "two":
        problem = f"a {branch} branch of scale 0 is no branch"
        raise InvalidArgument("architecture", problem, "use 'residual:0:two', whose second matrix is then 0")
    return alpha


def _branch(branch: str, own: str, activation: str) -> str:
    if branch not in _BRANCHES:
        raise InvalidArgument("architecture", f"there is no branch {branch!r}", nearest(branch, _BRANCHES))
    if branch not in (own, "two"):
        problem = f"a {branch} branch does not fit the activation {activation}"
        raise InvalidArgument("architecture", problem, f"leave {branch!r} out, or change the activation")
    return branch


def _batch(text: str) -> int | str:
    if is_symbol_name(text):
        return text
    try:
        batch = int(text)
    except ValueError:
        batch = 0
    if not _LEAST_BATCH <= batch <= _LARGEST_BATCH:
        problem = f"the batch must be an integer from {_LEAST_BATCH} to {_LARGEST_BATCH}, or a name, got {text[:40]!r}"
        raise InvalidArgument("architecture", problem, "use e.g. 'batchnorm:16'")
    return batch
