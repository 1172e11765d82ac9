"""``vanishing expect``: the mean of a product of random matrices, a number or a matrix."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from proofs_check.command.option_values import ReadValue, choice, letter_values
from proofs_check.command.running import patience
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    words = (
        "e.g. 'tr(W*A*W.T*B)' or 'X.T*A*X*B'; also W' for W.T, S^-1, Z.H, |tr(U)|^4, diag(A), hadamard(A, B), "
        "ones(n, m), I"
    )
    parser.add_argument("expression", help=words)
    parser.add_argument(
        "--matrix", action="append", default=[], metavar="NAME",
        help="'W: normal 1/n, n by n' (repeatable): a name, a law and a size. Laws: normal (VARIANCE mean M rowcov U "
        "colcov V), uniform, rademacher, symmetric, complex-normal or relu VARIANCE, bernoulli P, haar (orthogonal), "
        "unitary, wishart or inverse-wishart DOF scale Sigma, mask SLOPE (diagonal, 1 or the slope). Fixed ones: "
        "'A: n by m', 'A: constant symmetric, n by n', or not declared",
    )  # fmt: skip
    parser.add_argument("--format", default="text", help="text (default), latex, python (of NumPy arrays) or json")
    parser.add_argument(
        "--set", action=ReadValue, read=letter_values, metavar="LETTERS", help="n=4,p=1/2: numbers for letters"
    )
    parser.add_argument("--latex", action="store_true", help="the expression is written in LaTeX")


def _run(options: Namespace) -> int:
    from proofs_check.answers import matrix_means

    known = {
        "text": matrix_means.as_text,
        "latex": matrix_means.as_latex,
        "python": matrix_means.as_python,
        "json": matrix_means.as_json,
    }
    show = choice("format", options.format, known)
    with patience("averaging"):
        shown = show(matrix_means.expect(options.expression, options.matrix, options.set, latex=options.latex))
    print(shown)
    return 0


SUBCOMMAND = Subcommand("the mean of a product of random matrices, exactly", _run, _add_options)
