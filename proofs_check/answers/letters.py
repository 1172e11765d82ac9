"""What the letters of an answer mean, so that it can be read alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from proofs_check.answers.query import Query
from theory import symbols
from theory.ensembles import Ensemble

_READOUTS = {
    "random": "independent normal entries of variance 1/n_L, so that E|v|^2 = 1",
    "signs": "independent signs over sqrt(n_L), so that |v| = 1",
    "ones": "(1, ..., 1)",
}
_UNIT = {0: "max(z, 0)", 1: "z"}
_SMOOTH = {
    "tanh": "tanh(z)",
    "erf": "erf(z)",
    "sigmoid": "1/(1 + exp(-z))",
    "gelu": "z*Phi(z) with Phi the normal distribution function",
    "silu": "z/(1 + exp(-z))",
    "softplus": "log(1 + exp(z))",
    "elu": "z for z > 0 and exp(z) - 1 for others",
    "selu": "1.0507 times (z for z > 0 and 1.6733 (exp(z) - 1) for others)",
    "sine": "sin(z)",
}


def involves_readout(query: Query) -> bool:
    """Whether the left-hand side speaks of f, which has a readout."""
    return "df/" in query.left.plain or "d^2f/" in query.left.plain or "|H|" in query.left.plain


def letters(query: Query, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a sentence for what each letter means, of the left-hand side and of the formula.

    Parameters
    ----------
    query : Query
        The question, which holds the left-hand side.
    names : iterable of str
        The names of the symbols in the formula.

    Examples
    --------
    >>> from proofs_check.answers.notation import activation, mean_power
    >>> relu = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> for line in letters(Query(relu, left=mean_power(activation("L"), 2)), ["norm_x"]):
    ...     print(line)
    a_k = phi(W_k a_(k-1)), a_0 = x, phi(z) = max(z, 0)
    L is the depth, the number of weight matrices
    norm_x is |x|, the norm of the input
    n is the width of every layer
    """
    left, net = query.left.plain, query.net
    lines = [_layers(net)]
    if involves_readout(query):
        entries = _READOUTS.get(str(net.readout), "the numbers given")
        lines.append(f"f = <v, a_L> with L the last layer; the readout v is {entries}")
    if "|H|" in left:
        lines.append("H is the Hessian of f in all weights")
    used = dict.fromkeys([*re.findall(r"[A-Za-z]\w*", re.sub(r"\b(?:a|dW|W)_", " ", left)), *names, *query.net.symbols])
    meanings = dict(_meanings(query))
    return (*lines, *dict.fromkeys(meanings[name] for name in used if name in meanings))


def _layers(net: Ensemble) -> str:
    """Return the sentence on layers and activation; what else an architecture has is told by what it assumes."""
    unit = f"phi(z) = {_unit(net)}"
    start = "a_0 = x" if net.architecture.name != "batchnorm" else "a_0 the input"
    match net.architecture.name:
        case "plain":
            biases = "" if net.bias.name == "none" else " + b_k"
            return f"a_k = phi(W_k a_(k-1){biases}), {start}, {unit}"
        case "residual":
            return f"{start}, {unit}"
        case _:
            return f"a_k = phi(z_k), z_k the standardized W_k a_(k-1), {start}, {unit}"


def _unit(net: Ensemble) -> str:
    """Return the activation as a formula in z."""
    if not net.is_piecewise_linear:
        return _SMOOTH.get(str(net.activation), f"{net.activation}(z), one's own")
    slope = symbols.slope(net)
    return _UNIT.get(slope, f"max(z, {slope}*z)")


def _meanings(query: Query) -> Iterator[tuple[str, str]]:
    """Yield the names that an answer may contain, each with its meaning."""
    net = query.net
    yield "k", "k is a layer, any from 1 to the depth"
    yield "beta", f"beta is {net.depth}/{net.width}, which stays fixed as {net.width} -> oo"
    yield "norm_x", "norm_x is |x|, the norm of the input"
    for order in (4, 6, 8, 10, 12, 14, 16, 18):
        yield f"norm{order}_x", f"norm{order}_x is |x|_{order}, the {order}-norm of the input"
        yield f"m{order}", f"m{order} is the standardized moment E w^{order}/(E w^2)^{order // 2} of a weight w"
    yield "K", "K is the kurtosis E w^4/(E w^2)^2 of a weight w, 3 for normal ones"
    for layer in (query.layer, *(query.layers or ())):
        if isinstance(layer, str):
            yield layer, f"{layer} is a layer, from 1 to the depth"
    parts = (
        (net.slope if net.is_piecewise_linear else None, "is the slope of phi below 0"),
        (net.init.value, "is the variance of a weight"),
        (net.bias.value, "is every bias" if net.bias.name == "constant" else "is the variance of a bias"),
        (net.architecture.symbol, "is the size of a batch" if net.architecture.name == "batchnorm" else "is the scale"),
        *((width, f"is the width n_{k}") for k, width in enumerate(net.widths or ())),
        (net.width, "is the width of every layer"),
        (net.depth, "is the depth, the number of weight matrices"),
    )
    for name, meaning in parts:
        if isinstance(name, str):
            yield name, f"{name} {meaning}"
