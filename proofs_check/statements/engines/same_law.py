"""The samplers that need no weight matrices draw networks of the same law, jointly over all layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from montecarlo import Observable
from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import Draw, Engine, Networks
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.vectors_in_law import VectorChunk
from proofs_check import assumptions
from proofs_check.evidence import EqualInLaw
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, RELU, last
from theory.ensembles import Ensemble

# --- functionals of all layers at once: a sampler may pass every marginal test and fail these -------------------------


@dataclass(frozen=True)
class GradientSpread:
    """The largest squared gradient norm over the smallest: log(max_k |G_k|^2/min_k |G_k|^2)."""

    name: ClassVar[str] = "GradientSpread"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the label of the one component."""
        return ("max G/min G",)

    def measure(self, chunk: Networks) -> Array:
        """Return the logarithm, shape (m, 1), which is -inf for dead networks."""
        logs = chunk.log_gradient_norms(range(1, int(chunk.net.depth) + 1))
        most, least = logs.max(axis=1), logs.min(axis=1)
        alive = np.isfinite(least)
        return np.asarray(np.subtract(most, least, out=np.full(len(logs), -np.inf), where=alive)[:, None])


@dataclass(frozen=True)
class OutputOverGradients:
    """The squared output over the smallest squared gradient norm: log(f^2/min_k |G_k|^2)."""

    name: ClassVar[str] = "OutputOverGradients"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the label of the one component."""
        return ("f^2/min G",)

    def measure(self, chunk: Networks) -> Array:
        """Return the logarithm, shape (m, 1), which is -inf for dead networks."""
        least = chunk.log_gradient_norms(range(1, int(chunk.net.depth) + 1)).min(axis=1)
        output = chunk.log_output_squares()
        alive = np.isfinite(least) & np.isfinite(output)
        return np.asarray(np.subtract(output, least, out=np.full(len(least), -np.inf), where=alive)[:, None])


# --- wrong samplers ---------------------------------------------------------------------------------------------------


class _ForgetfulNorms(NormChunk):
    """Draws backward norms as if the forward pass had not been seen, which is right in every layer by itself."""

    def _back_propagate(self) -> None:
        super()._back_propagate()  # this gives f
        with np.errstate(divide="ignore", invalid="ignore"):
            log_b = self._fresh(self._depth) - np.log(self._law.widths[-1])
            for k in range(self._depth, 0, -1):
                if k < self._depth:
                    log_b = log_b + self._law.log_factors[k] + self._fresh(k)
                self._rho[k - 1] = np.exp(log_b + self._log_norms[k] - self._log_f_square)
        self._rho[:, np.isneginf(self._log_norms[-1])] = 1.0  # these networks are dead

    def _fresh(self, k: int) -> Array:
        """Return the logarithm of chi^2_B + slope^2 chi^2_{n-B}."""
        on = self._on[k - 1]
        squares = self._chi_squares(on) + self._slope**2 * self._chi_squares(self._law.widths[k] - on)
        return np.asarray(np.log(squares))


class _FreerNorms(NormChunk):
    """Counts the direction of a among those that are fresh, which is one degree of freedom too many."""

    def _backward_terms(self, first: int) -> list[tuple[Array, ...]]:
        terms = super()._backward_terms(first)
        freer = self._chi_squares(self._on[:first][::-1])
        return [(chi, *others) for chi, (_, *others) in zip(freer, terms, strict=True)]


class _UnprojectedVectors(VectorChunk):
    """Does not project the fresh vector onto the orthogonal complement of a."""

    def _conditioned(self, k: int, b: Array) -> Array:
        a, z, squares = self._vectors[k], self._vectors[k + 1], self._squares[k + 1]
        inner = np.ldexp(np.einsum("mi,mi->m", b, z), np.frexp(squares)[1] >> 1)
        g = self._rng.standard_normal(a.shape) * np.sqrt(np.einsum("mi,mi->m", b, b))[:, None]
        norm = np.einsum("mi,mi->m", a, a)
        return np.asarray(g + a * np.divide(inner, norm, out=np.zeros_like(norm), where=norm > 0)[:, None])


class _OneCoinNorms(NormChunk):
    """Lets the same units be on in all layers, by throwing their coins only once."""

    def _draw_units(self) -> NDArray[Any]:
        on = super()._draw_units()
        return np.repeat(on[:1], len(on), axis=0)


@dataclass(frozen=True)
class _Wrong:
    """An engine that draws chunks of a wrong kind."""

    kind: type[NormChunk | VectorChunk]
    right: Engine

    @property
    def name(self) -> str:
        return f"{self.right.name}{self.kind.__name__}"

    @property
    def provides(self) -> frozenset[str]:
        return self.right.provides

    def refuse(self, net: Ensemble) -> None:
        self.right.refuse(net)

    def partition(self, net: Ensemble) -> Any:
        return self.right.partition(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        weights = Weights(net)
        return lambda rng, networks: self.kind(net, rng, networks, needs=needs, weights=weights)


def _always(engine: Engine, net: Ensemble) -> Engine:
    return engine


def _wrong(kind: type[NormChunk | VectorChunk], right: Engine) -> Claim:
    return partial(_always, _Wrong(kind, right))


# --- engines.norms, engines.vectors -----------------------------------------------------------------------------------

_LEAKY = RELU.at(activation="leaky:1/4")
_GIVEN = (
    assumptions.NORMAL,
    assumptions.PIECEWISE_LINEAR,
    assumptions.UNIT_INPUT,
    assumptions.NO_BIASES,
)


def _equal(net: Ensemble, observable: Observable, what: str, samples: int = 100_000) -> EqualInLaw:
    (component,) = observable.components(net)
    return EqualInLaw(f"the law of {what}, against real weights", net, observable, component, samples=samples)


def _joint(net: Ensemble) -> tuple[EqualInLaw, ...]:
    return (
        _equal(net, GradientSpread(), "max G/min G"),
        _equal(net, OutputOverGradients(), "f^2/min G"),
    )


NORMS = Statement(
    id="engines.norms",
    title="Chi-squares in place of matrices: all activation and gradient norms, the same law jointly over layers.",
    latex=(
        r"|b_k|^2 = \frac{f^2}{|a_k|^2}\rho_k,\quad \rho_k \overset d= 1+\rho_{k+1}\frac{\chi^2_{B_k-1}}{\chi^2_{k+1}},"
        r"\quad |a_{k+1}|^2=s^2|a_k|^2\chi^2_{k+1}\quad\text{(ReLU; linear with }B_k=n\text{)}"
    ),
    source="E. Bolthausen, arXiv:1201.2891, for conditioning normal matrices; derived here for norms and gradients",
    assumptions=_GIVEN,
    claim=partial(_always, LawExactNorms()),
    evidence=(
        *_joint(RELU.at(width=4, depth=5)),
        *_joint(RELU.at(width=4, depth=5, readout="1/2,1,3/2,2")),
        *_joint(LINEAR.at(width=3, depth=4)),
        *_joint(_LEAKY.at(width=3, depth=4)),
        _equal(RELU.at(width=4, depth=5), last(RELU.at(width=4, depth=5))[0], "|a_L|^2"),
    ),
    mutants=(
        Mutant(
            "the backward pass forgets the forward pass", partial(_always, _Wrong(_ForgetfulNorms, LawExactNorms()))
        ),
        Mutant("B for B - 1 degrees of freedom", partial(_always, _Wrong(_FreerNorms, LawExactNorms()))),
        Mutant("the same units are on in all layers", partial(_always, _Wrong(_OneCoinNorms, LawExactNorms()))),
    ),
)

VECTORS = Statement(
    id="engines.vectors",
    title="Vectors in place of matrices: activations, units and gradients, the same law jointly over layers.",
    latex=(
        r"W^Tb \overset d= a\frac{\langle z,b\rangle}{|a|^2}+s|b|\Bigl(g-a\frac{\langle a,g\rangle}{|a|^2}\Bigr)"
        r"\quad\text{given } z=Wa,\qquad g\sim\mathcal N(0,I)"
    ),
    source="E. Bolthausen, arXiv:1201.2891, for conditioning normal matrices; derived here for norms and gradients",
    assumptions=_GIVEN,
    claim=partial(_always, LawExact()),
    evidence=(
        *_joint(RELU.at(width=4, depth=5)),
        *_joint(RELU.at(width=4, depth=5, readout="1/2,1,3/2,2")),
        *_joint(LINEAR.at(width=3, depth=4)),
        *_joint(_LEAKY.at(width=3, depth=4)),
    ),
    mutants=(Mutant("the fresh vector is not projected", _wrong(_UnprojectedVectors, LawExact())),),
)

STATEMENTS = (NORMS, VECTORS)
