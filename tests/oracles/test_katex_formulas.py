"""Every LaTeX that the package writes is accepted by KaTeX, which knows nothing of SymPy."""

from __future__ import annotations

import contextlib
import io
import shlex

import pytest
from markdown_katex.wrapper import KatexError, tex2html

from proofs_check.cli import main
from proofs_check.registry import own_statements

ASKED = (
    "activation --order 4 --width n --depth L --law symmetric --init he --activation leaky:a",
    "activation --order 8 --width 4 --depth L --law uniform",
    "activation --order 12 --width 100 --depth 100000 --law uniform",
    "kurtosis --width n --depth L --activation relu --init he",
    "kurtosis-limit --width n --depth L --law symmetric",
    "kurtosis-expansion --width n --depth L --law symmetric",
    "activation --order 4 --width n --depth L --activation relu --init he --bias variance:t",
    "activation-limit --order 4 --width n --depth L --activation relu --bias 1/10",
    "bias-gradient --layer k --width n --depth L --activation relu --init he --bias 1/10",
    "covariance --width n --depth L --layers 1,3",
    "correlation --width n --depth L --layers j,k",
    "inner-product --width n --depth 1 --activation leaky:a --init he",
    "gradient --width n --depth L --layer k --order 4 --activation relu --init he --law uniform",
    "gradient --readout 1/2,1,3/2,2 --width 4 --depth L --layer k --activation relu --init he",
    "gradient-covariance --width n --depth L --layers 1,3",
    "gradient-correlation --width n --depth L --layers 1,3",
    "hessian --width n --depth L",
    "hessian --width n --depth L --layers 1,3 --order 4 --activation relu --init he",
    "log-norm --width n --depth L --activation relu --init he",
    "log-norm --width n --depth L --activation leaky:a --init he",
    "log-variance --width n --depth L --activation relu --init he",
    "log-gradient --width n --depth L",
    "survival --width n --depth L --activation relu --init he",
    "median --width 8 --depth 8 --digits 12",
    "quantile --p 1/3 --width 8 --depth 8",
    "gradient-median --width 8 --depth 8",
    "exceedance --width 8 --depth 8 --c 1e20",
    "width --width n --depth 16 --c 1/2 --p 1/2",
    "width --width n --depth 16 --c 2 --p 1/2",
    "density --width 3 --depth 2",
    "lyapunov-expansion --width n --depth L --law symmetric",
    "log-variance-expansion --width n --depth L --law symmetric",
    "norm-product --width n --depth L",
    "cosine-limit --cosine 1/2 --width n --depth 3 --activation relu --init he",
    "tail-bound --width 8 --depth 32 --c 4",
    "gradient-tail-bound --width 8 --depth 32 --layer 1 --c 4",
    "distribution --at 2 --width 3 --depth 2",
    "output --order 4 --width n --depth L --activation relu --init he",
    "output-kurtosis --width n --depth L --activation relu --init he",
    "output-density --at 1 --width 3 --depth 2",
    "output-distribution --at 1 --width 3 --depth 2",
    "output-exceedance --c 2 --width 8 --depth 8",
    "wide-limit --width 64 --depth 3 --activation tanh --init xavier",
    "fixed-point --width n --depth L --activation tanh --init 2/n",
    "edge-of-chaos --width n --depth L --activation tanh --bias 1/10",
)


def test_katex_refuses_what_is_not_latex() -> None:
    with pytest.raises(KatexError, match="ParseError"):
        tex2html(r"\frac{1}{")


def _all(formulas: list[str]) -> str:
    """One document: KaTeX takes seconds to start, and its message shows the place of an error."""
    return r"\begin{gathered}" + r"\\ ".join(formulas) + r"\end{gathered}"


def _answer(asked: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["derive", *shlex.split(asked), "--format", "latex"]) == 0
    return out.getvalue().strip()


def test_the_latex_of_answers_compiles() -> None:
    assert "katex" in tex2html(_all([_answer(asked) for asked in ASKED]))


def test_every_quantity_is_asked_for() -> None:
    from proofs_check import quantities

    assert {asked.split()[0] for asked in ASKED} == set(quantities.names())


def test_the_latex_of_statements_compiles() -> None:
    assert "katex" in tex2html(_all([statement.latex for statement in own_statements()]))
