"""Options that say what is asked: a quantity, of which networks, at which layers."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from proofs_check import quantities
from proofs_check.closed_forms import closed_form
from proofs_check.closed_forms import names as closed_form_names
from proofs_check.command.option_values import (
    ReadValue,
    exact_number,
    exact_order,
    exact_probability,
    layer,
    positive,
    two_layers,
)
from theory.ensembles import Ensemble, InvalidArgument

ENSEMBLE_OPTIONS = ("width", "widths", "depth", "activation", "init", "law", "bias", "readout", "input", "architecture")
"""These options say which networks are meant; their names are those of the ensemble's fields."""


def add_quantity(parser: ArgumentParser, *, closed_forms: bool = False) -> None:
    """Add the quantity, a positional argument.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of a subcommand.
    closed_forms : bool
        Whether it may be a closed form.
    """
    known = f"one of {', '.join(quantities.names())}"
    if closed_forms:
        known += f"; or, of letters (--set) and no network, one of {', '.join(closed_form_names())}"
    parser.add_argument("quantity", help=known)


def add_ensemble_options(parser: ArgumentParser, *, width: bool = True) -> None:
    """Add the options of the ensemble, which :func:`read_ensemble` reads.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of a subcommand.
    width : bool
        Whether ``--width`` is that of the networks, and of nothing else.
    """
    if width:
        parser.add_argument("--width", help="n: a number or a symbol's name")
    parser.add_argument("--widths", help="n_0,...,n_L for unequal widths, e.g. 784,100,10")
    parser.add_argument("--depth", help="L: a number or a symbol's name")
    parser.add_argument(
        "--activation",
        help="linear (default), relu, leaky:SLOPE of any sign and size, abs, pieces:BELOW:ABOVE (the slopes below and "
        "above 0), or a smooth one such as tanh",
    )
    parser.add_argument(
        "--architecture",
        help="plain (default), residual:SCALE, residual:SCALE:two (two matrices a branch), layernorm or batchnorm:B; "
        "a SCALE is a number, 1/L or '1/sqrt(L)', L the number of branches",
    )
    parser.add_argument(
        "--init",
        help="xavier (default), he, fan-out, geometric, lecun, pytorch, orthogonal; he_normal, glorot_uniform and the "
        "like as in Keras and JAX; a gain, xavier:gain=5/3 or orthogonal:gain=sqrt(2); VARIANCE; one for each layer, "
        "1,4,9; a formula in n_in, n_out and n, 2/n or '2/(n_in + n_out)'; one with a symbol, variance:s2/n",
    )
    parser.add_argument(
        "--law",
        help="normal (default), uniform, rademacher, truncated-normal (at two standard deviations), or symmetric (its "
        "kurtosis a symbol K)",
    )
    parser.add_argument("--bias", help="none (default), pytorch, VARIANCE, variance:NAME, or constant:NUMBER")
    parser.add_argument("--readout", help="random (default; E|v|^2 = 1), signs (|v| = 1), ones, or numbers")
    parser.add_argument("--input", help="ones, e1, or numbers: 1,2,2 (default: a unit vector)")


def read_ensemble(options: Namespace, *, of_limits: bool = False) -> Ensemble:
    """Return the ensemble that the options of :func:`add_ensemble_options` name.

    An option that was not typed is None, and the ensemble's own default stands.

    Parameters
    ----------
    options : argparse.Namespace
        The options.
    of_limits : bool
        Whether sizes that were not typed are the letters n and L, as a limit asks for none.

    Raises
    ------
    InvalidArgument
        If there is no such ensemble.

    Examples
    --------
    >>> parser = ArgumentParser()
    >>> add_ensemble_options(parser)
    >>> print(read_ensemble(parser.parse_args(["--width", "n", "--depth", "8", "--init", "he"])).describe())
    width=n depth=8 activation=linear init=he law=normal readout=random
    """
    given = {name: getattr(options, name) for name in ENSEMBLE_OPTIONS}
    if of_limits and given["widths"] is None:
        given["width"], given["depth"] = given["width"] or "n", given["depth"] or "L"
    return Ensemble.from_text({name: value for name, value in given.items() if value is not None})


def add_query_options(parser: ArgumentParser, action: str) -> None:
    """Add the options of the ensemble, and of all else that matters for a quantity.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of a subcommand.
    action : str
        ``"derive"`` or ``"sample"``: digits are derived only.
    """
    add_ensemble_options(parser)
    parser.add_argument(
        "--order",
        action=ReadValue,
        read=exact_order,
        help="power of the norm (default 2; 1, -1 and 1/2 too), or of the inner product (default 1)",
    )
    parser.add_argument("--layer", help="k (default: the last; for gradients any, or 1 when sampled)")
    parser.add_argument("--layers", action=ReadValue, read=two_layers, help="j,k where two layers are asked about")
    parser.add_argument(
        "--p", action=ReadValue, read=exact_probability, help="a probability, exact: 1/2 (default), 0.01, 1e-400"
    )
    parser.add_argument("--c", action=ReadValue, read=exact_number, help="c in P(|a_k|^2 >= c|x|^2), P(|f| >= c)")
    parser.add_argument(
        "--cosine",
        action=ReadValue,
        read=exact_number,
        help="of the angle between two inputs: -1 to 1, exact, e.g. 1/2",
    )
    if action == "derive":
        parser.add_argument("--at", action=ReadValue, read=exact_number, help="the point of a density or distribution")
        parser.add_argument("--digits", action=ReadValue, read=positive, help="digits to enclose (default: a float)")


def read_closed_form(options: Namespace) -> dict[str, str]:
    """Return the values of letters that were typed for a closed form, as text.

    Parameters
    ----------
    options : argparse.Namespace
        The options of :func:`add_query_options` and ``--set``, and the name of a closed form.

    Raises
    ------
    InvalidArgument
        If there is no such closed form, or an option was typed that is one of networks.
    """
    form = closed_form(options.quantity)
    letters = ",".join(f"{letter.name}=..." for letter in form.letters)
    for name in (*ENSEMBLE_OPTIONS, *quantities.OPTIONS):
        if name != "digits" and getattr(options, name, None) is not None:
            problem = f"does not apply to {options.quantity}, which speaks of no network"
            raise InvalidArgument(name, problem, f"it takes --set {letters}")
    return options.set or {}


def read_query(options: Namespace, action: str) -> tuple[str, Ensemble, dict[str, Any]]:
    """Return what is asked for: a quantity, of which networks, and the other options that were typed.

    Parameters
    ----------
    options : argparse.Namespace
        The options of :func:`add_query_options`, and the quantity.
    action : str
        ``"derive"`` or ``"sample"``.

    Raises
    ------
    InvalidArgument
        If there is no such quantity or no such ensemble, or an option was typed that does not matter to the quantity.
    """
    known = quantities.quantity(options.quantity)
    if getattr(options, "set", None) is not None:
        problem = f"does not apply to {options.quantity}, which speaks of networks"
        raise InvalidArgument("set", problem, "use --width, --depth and the like")
    given = {name: getattr(options, name, None) for name in quantities.OPTIONS}
    quantities.require_taken(known, action, options.quantity, given)
    net = read_ensemble(options, of_limits=known.of_limits)
    asked = {name: value for name, value in given.items() if value is not None and name not in ENSEMBLE_OPTIONS}
    if "layer" in asked:
        asked["layer"] = layer(asked["layer"])
    return options.quantity, net, asked
