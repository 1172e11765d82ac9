"""The sampler of biases and smooth activations that needs no weight matrices draws networks of the same law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from montecarlo import Observable
from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.engines.any_activation_in_law import AnyActivationChunk
from montecarlo.engines.engine import Draw, Engine
from montecarlo.engines.law_exact import LawExactAnyActivation
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import EqualInLaw
from proofs_check.statement import Mutant, Statement
from proofs_check.statements.engines.same_law import GradientSpread, OutputOverGradients
from theory.ensembles import Ensemble

# --- wrong samplers ---------------------------------------------------------------------------------------------------


class _WithoutSlopes(AnyActivationChunk):
    """Leaves the slopes out on the way back."""

    def _activated(self, z: Array) -> tuple[Array, Array]:
        a, slopes = super()._activated(z)
        return a, np.ones_like(slopes)


class _WithoutMean(AnyActivationChunk):
    """Draws the matrices anew on the way back: right in every layer, but their mean given z is left out."""

    def _conditioned(self, k: int, y: Array) -> Array:
        g = self._rng.standard_normal(self._read[k - 1].shape)
        g *= (self._scales[k - 1] * np.linalg.norm(y, axis=1))[:, None]
        return g[:, : self._widths[k - 1]]


class _BiasesAsWeights(AnyActivationChunk):
    """Takes all of z for what the weights have made of the activations, the biases' part included."""

    def _conditioned(self, k: int, y: Array) -> Array:
        self._read[k - 1] = self._read[k - 1][:, : self._widths[k - 1]]
        return super()._conditioned(k, y)


class _WithoutBiases(AnyActivationChunk):
    """Drops s_b."""

    def __init__(self, net: Ensemble, *args: Any, **options: Any) -> None:
        super().__init__(net.at(bias="none"), *args, **options)


@dataclass(frozen=True)
class _Wrong:
    """An engine that draws chunks of a wrong kind."""

    kind: type[AnyActivationChunk]

    @property
    def name(self) -> str:
        return f"{LawExactAnyActivation.name}{self.kind.__name__}"

    @property
    def provides(self) -> frozenset[str]:
        return LawExactAnyActivation.provides

    def refuse(self, net: Ensemble) -> None:
        LawExactAnyActivation().refuse(net)

    def partition(self, net: Ensemble) -> Any:
        return LawExactAnyActivation().partition(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        return lambda rng, networks: self.kind(net, rng, networks, needs=needs, second_input=second_input)


def _always(engine: Engine, net: Ensemble) -> Engine:
    return engine


# --- engines.smooth-law-exact -----------------------------------------------------------------------------------------

_TANH = Ensemble(width=2, depth=4, activation="tanh")
_BIASED = Ensemble(width=3, depth=3, activation="tanh", bias="1/10")
_RELU = Ensemble(width=3, depth=3, activation="relu", init="he", bias="constant:1/4")
_SMOOTH_OR_BIASED = Assumption(
    "the activation is tanh or ReLU; biases are 0, constant, or normal of variance s_b^2",
    lambda net: net.activation in ("tanh", "relu"),
)


def _equal(net: Ensemble, observable: Observable, what: str) -> EqualInLaw:
    (component,) = observable.components(net)
    return EqualInLaw(f"the law of {what}, against real weights", net, observable, component)


SMOOTH_LAW_EXACT = Statement(
    id="engines.smooth-law-exact",
    title="Vectors in place of matrices, behind tanh and with biases: the same law jointly over layers.",
    latex=(
        r"W^Ty \overset d= a\frac{\langle z, y\rangle}{|a|^2+s_b^2/s^2}+s|y|\Bigl(g-a\frac{\langle a,g\rangle"
        r"+\gamma s_b/s}{|a|^2+s_b^2/s^2}\Bigr)\quad\text{given } z=Wa+b,\qquad (g,\gamma)\sim\mathcal N(0,I)"
    ),
    source="E. Bolthausen, arXiv:1201.2891, for conditioning normal matrices; derived here for biases and slopes",
    assumptions=(assumptions.NORMAL, assumptions.PLAIN, _SMOOTH_OR_BIASED),
    claim=partial(_always, LawExactAnyActivation()),
    evidence=(
        _equal(_TANH, OutputOverGradients(), "f^2/min G"),
        _equal(_BIASED, OutputOverGradients(), "f^2/min G"),
        _equal(_RELU, GradientSpread(), "max G/min G"),
    ),
    mutants=(
        Mutant("phi' is left out", partial(_always, _Wrong(_WithoutSlopes))),
        Mutant("the mean of the weights given z is left out", partial(_always, _Wrong(_WithoutMean))),
        Mutant("all of z is the weights', none the biases'", partial(_always, _Wrong(_BiasesAsWeights))),
        Mutant("s_b is dropped", partial(_always, _Wrong(_WithoutBiases))),
    ),
)

STATEMENTS = (SMOOTH_LAW_EXACT,)
