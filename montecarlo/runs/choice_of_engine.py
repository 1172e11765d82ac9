"""Finds the engine that a simulation asks for."""

from __future__ import annotations

from montecarlo.architectures.engine import Wired
from montecarlo.arguments import as_ensemble
from montecarlo.engines.direct import Direct
from montecarlo.engines.engine import Engine, Precision
from montecarlo.engines.law_exact import LawExact, LawExactAnyActivation, LawExactNorms
from theory.ensembles import Ensemble, InvalidArgument


def find_engine(engine: object, net: Ensemble, needs: frozenset[str], dtype: Precision) -> Engine:
    """Return the engine that a simulation asks for.

    Parameters
    ----------
    engine : str or Engine
        ``"direct"`` is the engine that draws real weight matrices in the ensemble's architecture. ``"law-exact"`` is
        the fastest engine without matrices that provides what is needed.
    net : Ensemble
        What is drawn.
    needs : frozenset of str
        What observables use beyond activations.
    dtype : str
        The precision of the direct engine's weights.

    Raises
    ------
    InvalidArgument
        If there is no such engine, or it cannot work in that precision or architecture.
    """
    as_ensemble(net)
    direct = Direct(dtype)
    if not net.architecture.is_plain:
        if engine != "direct":
            problem = f"only real weight matrices are known for the architecture {net.architecture.describe()!r}"
            raise InvalidArgument("engine", problem, "use engine='direct', or architecture='plain'")
        if direct.dtype != "float64":
            problem = f"the architecture {net.architecture.describe()!r} works in float64"
            raise InvalidArgument("dtype", problem, "leave it out, or use architecture='plain'")
        return Wired(net.architecture)
    if not net.is_homogeneous and engine in ("direct", "law-exact"):
        if direct.dtype != "float64":
            raise InvalidArgument("dtype", "biases and smooth activations work in float64", "leave it out")
        return Wired(net.architecture) if engine == "direct" else LawExactAnyActivation()
    if engine == "direct":
        return direct
    if engine == "law-exact":
        if direct.dtype != "float64":
            raise InvalidArgument("dtype", "the law-exact engine works in float64", "leave it out, or engine='direct'")
        return LawExactNorms() if needs <= LawExactNorms.provides else LawExact()
    if isinstance(engine, (str, type)) or not hasattr(engine, "opened"):
        remedy = "use 'direct' or 'law-exact', or an instance such as montecarlo.engines.law_exact.LawExact()"
        raise InvalidArgument("engine", f"there is no engine {engine!r}", remedy)
    return engine  # type: ignore[return-value]
