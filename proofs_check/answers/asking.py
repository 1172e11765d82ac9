"""Asks theory or montecarlo for a quantity: the one way, of the command line and of Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from os import PathLike
from typing import Any

from montecarlo.arguments import as_count, as_probability, is_whole
from montecarlo.engines.engine import Precision
from montecarlo.workers.places import borrowed
from montecarlo.workers.workers import Workers
from proofs_check import quantities
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.letters import letters
from proofs_check.answers.notation import Layer
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.answers.within import Within
from proofs_check.quantities import Quantity
from theory.balls import require_digits
from theory.ensembles import Exact, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction, nearest

_UNKNOWN = ("architecture", "law", "init", "readout", "activation", "bias")
"""A refusal that names one of these says that theory does not know such networks."""


def derive(
    quantity: str,
    net: Any,
    *,
    order: Exact | None = None,
    layer: Layer | None = None,
    layers: tuple[Layer, Layer] | None = None,
    p: Exact | None = None,
    c: Exact | None = None,
    cosine: Exact | None = None,
    at: Exact | None = None,
    digits: int | None = None,
) -> Derivation:
    """Derive a quantity exactly: a formula, or a number.

    Parameters
    ----------
    quantity : str
        What is asked for; :func:`proofs_check.quantities.names` lists all.
    net : Ensemble
        The networks that are asked about; their sizes are numbers or names of symbols.
    order : number or str, optional
        The power of the norm, exact: 2 by default; of some quantities any real order, such as 1, -1 or ``"1/2"``.
    layer : int or str, optional
        The layer k, a number or a name: by default the last, and for gradients any.
    layers : tuple of two, optional
        The layers j and k, where two are asked about.
    p, c : number or str, optional
        A probability, and the factor in P(|a_k|^2 >= c |x|^2), exact: e.g. ``"1/3"``; both are 1/2 by default.
    cosine : number or str, optional
        The cosine of the angle between two inputs, exact; by default the letter c stands for it.
    at : number or str, optional
        The point at which a density or a distribution is asked for, exact.
    digits : int, optional
        How many decimal digits are to be enclosed; by default the number is a float.

    Returns
    -------
    Derivation

    Raises
    ------
    InvalidArgument
        If theory has no answer, or an option does not apply to the quantity; the message says what would do.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> fourth = derive("activation", net, order=4)
    >>> fourth
    <Derivation: E|a_L|^4 = norm_x**4*(1 + 5/n)**L>
    >>> fourth.at(n=4, L=2, norm_x=1)
    81/16
    """
    require_ensemble(net)
    known = quantities.quantity(quantity)
    given = {
        "order": order,
        "layer": layer,
        "layers": layers,
        "p": p,
        "c": c,
        "cosine": cosine,
        "at": at,
        "digits": digits,
    }
    query = _query(known, "derive", quantity, net, given)
    try:
        answer = known.derive(query)
    except InvalidArgument as bad:
        raise _or_sampled(_blaming_what_was_given(bad, known.taken_by("derive"), query), known, query) from None
    meanings = letters(query, answer.symbols)
    return replace(answer, assumptions=(*answer.assumptions, *meanings))


def sample(
    quantity: str,
    net: Any,
    *,
    order: Exact | None = None,
    layer: int | None = None,
    layers: tuple[int, int] | None = None,
    p: Exact | None = None,
    c: Exact | None = None,
    cosine: Exact | None = None,
    samples: int | None = None,
    within: float | str | None = None,
    seed: int = 0,
    confidence: float = 0.99,
    engine: str = "direct",
    dtype: Precision = "float64",
    jobs: int = 1,
    executor: Executor | Workers | None = None,
    store: str | PathLike[str] | None = None,
    block: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Sampled:
    """Estimate a quantity from sampled networks, by an interval that is valid for it.

    Parameters
    ----------
    quantity, net, order, layer, layers, p, c, cosine
        As for :func:`derive`; sizes and layers are numbers, and of gradients the first layer is sampled by default.
    samples : int, optional
        How many networks: by default 10,000, and with `within` at most 10^7.
    within : float or str, optional
        Draw as many networks as it takes for an interval of this half-length: a number, or a share such as ``"1%"``.
    seed : int
        The root seed.
    confidence : float
        The probability that the interval holds the quantity is at least this.
    engine, dtype, jobs, executor, store, block, progress
        As for :func:`montecarlo.simulate`.

    Returns
    -------
    Sampled

    Raises
    ------
    InvalidArgument
        If no interval would be valid, or an option does not apply to the quantity; the message says what would do.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=16, depth=32, activation="relu", init="he")
    >>> typical = sample("median", net, samples=2000, seed=0)
    >>> lo, hi = typical.interval
    >>> lo < derive("median", net).value < hi
    True
    """
    require_ensemble(net)
    known = quantities.quantity(quantity)
    quantities.require_sampled(known, quantity)
    given = {"order": order, "layer": layer, "layers": layers, "p": p, "c": c, "cosine": cosine}
    net.require_numbers("sample")
    query = _query(known, "sample", quantity, net, given)
    confidence = as_probability("confidence", confidence)
    if not 0 < 1 - confidence < 1:
        raise InvalidArgument(
            "confidence", f"{confidence} is 0 or 1 to a float's precision", "use e.g. confidence=0.99"
        )
    if within is not None and block is not None:
        raise InvalidArgument("within", "has no effect on one block, which is drawn whole", "leave out within or block")
    if samples is None:
        samples = 10_000 if within is None else 10_000_000
    with nullcontext(executor) if executor is None or isinstance(executor, Workers) else borrowed(executor) as workers:
        sampling = Sampling(
            as_count("samples", samples, example=10_000),
            as_count("seed", seed, 0, example=0),
            1 - confidence,
            engine=_one_of("engine", engine, ("direct", "law-exact")),
            dtype=_one_of("dtype", dtype, ("float64", "float32")),
            jobs=as_count("jobs", jobs, example=2),
            workers=workers,
            store=store,
            block=block,
            within=None if within is None else Within.read(within),
            progress=progress,
        )
        assert known.sample is not None
        try:
            answer = known.sample(query, sampling)
        except InvalidArgument as bad:
            blamed = _blaming_what_was_given(bad, known.taken_by("sample"), query)
            is_all = net.is_homogeneous or known.instead == quantity  # to sample what was refused is no advice
            raise blamed if is_all else _or_sampled(blamed, known, query) from None
    return replace(answer, assumptions=(*answer.assumptions, *letters(query)))


def _query(known: Quantity, action: str, quantity: str, net: Any, given: Mapping[str, Any]) -> Query:
    """Return the question, every part of it read, with its left-hand side."""
    quantities.require_taken(known, action, quantity, given)
    read: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("p", "c", "cosine", "order", "at"):
        if name in read:
            read[name] = exact_fraction(name, read[name])
    if "order" in read and read["order"].denominator == 1:
        read["order"] = int(read["order"])
    if "at" in read:
        read["at_point"] = read.pop("at")
    if "p" in read and not 0 < read["p"] < 1:
        raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {given['p']}", "use e.g. p=0.5")
    if "cosine" in read and not -1 <= read["cosine"] <= 1:
        raise InvalidArgument("cosine", f"must lie between -1 and 1, got {given['cosine']}", "use e.g. cosine='1/2'")
    if "digits" in read:
        require_digits(read["digits"])
    if "layers" in read:
        read["layers"] = _two(read["layers"])
    if action == "sample":
        if "layer" in known.taken_by("sample"):
            read.setdefault("layer", known.sampled_layer or net.depth)
        for layer in read.get("layers", ()):
            if not is_whole(layer):
                raise InvalidArgument(
                    "layers", f"must be numbers to be sampled, got {layer!r}", "use e.g. layers=(1, 3)"
                )
    query = Query(net, quantity=quantity, **{"order": known.default_order, **read})
    if "layer" in read:
        net.width_at(read["layer"])  # refuses a layer that is not there
    if action == "sample" and "layer" in read:
        query = replace(query, layer=query.numeric_layer)
    return replace(query, left=known.left(query))


def _two(layers: Any) -> tuple[Layer, Layer]:
    if isinstance(layers, str) or not isinstance(layers, (tuple, list)) or len(layers) != 2:
        raise InvalidArgument("layers", f"must be two layers, got {layers!r}", "use e.g. layers=(1, 3)")
    return layers[0], layers[1]


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise InvalidArgument(name, f"there is no {name} {value!r}", nearest(str(value), known))
    return value


def _blaming_what_was_given(bad: InvalidArgument, taken: Collection[str], query: Query) -> InvalidArgument:
    """Return the refusal in terms of what can be given: the initialization if that decided the law, and options."""
    if bad.argument == "law" and query.net.init.law is not None:
        problem = f"is {query.net.law.name} under {query.net.init.name}, and {bad.problem}"
        remedy = f"use init={query.net.init.without_law.describe()!r}, the same variances with normal weights"
        return InvalidArgument("init", problem, remedy)
    if bad.argument in quantities.OPTIONS and bad.argument not in taken:
        problem = f"{query.quantity} is not known for these networks: {bad.argument} {bad.problem}"
        return InvalidArgument("quantity", problem, "ask for another, or change the networks")
    return bad


def _or_sampled(bad: InvalidArgument, known: Quantity, query: Query) -> InvalidArgument:
    """Return the refusal of theory, which says so if sampling would answer."""
    if bad.argument not in _UNKNOWN or known.sample is None or not known.instead or query.net.symbols:
        return bad
    if not query.net.has_usual_slope and not (query.net.architecture.is_plain and query.net.is_homogeneous):
        return bad  # with biases or other wirings only slopes from 0 to 1 are drawn
    if not query.net.is_linear and query.net.law.has_atoms and "gradient" in known.instead:
        return bad  # gradients at a kink are not sampled either
    return InvalidArgument(bad.argument, bad.problem, f"{bad.remedy}; or sample('{known.instead}', net)")
