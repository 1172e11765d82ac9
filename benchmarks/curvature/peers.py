"""The same eigenvalues from PyTorch, JAX, NumPy and the packages, as their users write it and as fast as we know how.

Iterative sides start from the same vector in every call, so that an effort which is enough once always is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from benchmarks.curvature import by_hand
from benchmarks.curvature.sides import Effort, Side, TooLarge
from benchmarks.curvature.work import Array

THREADS = 2
_MOST_BYTES = 2**31


def _refuse_dense(weights: list[Array]) -> None:
    parameters = sum(w.size for w in weights)
    if 8 * parameters**2 > _MOST_BYTES:
        raise TooLarge(f"the Hessian alone is {8e-9 * parameters**2:.3g} GB")


@cache
def _start(size: int) -> Array:
    return np.random.default_rng(0).standard_normal(size)


def _ends_by_eigsh(operator: LinearOperator, ncv: int, tol: float) -> Array:
    start = _start(operator.shape[0])
    return np.sort(eigsh(operator, k=2, which="BE", ncv=ncv, tol=tol, v0=start, return_eigenvectors=False))


# NumPy: controls that no package stands behind


def numpy_dense(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """Assemble the Hessian block by block, then eigvalsh."""
    _refuse_dense(weights)
    return np.linalg.eigvalsh(by_hand.dense(weights, v, x, relu))


def numpy_eigsh(weights: list[Array], v: Array, x: Array, relu: bool, *, ncv: int, tol: float) -> Array:
    """Products by hand, then eigsh."""
    size = sum(w.size for w in weights)
    times = by_hand.product(weights, v, x, relu)
    return _ends_by_eigsh(LinearOperator((size, size), matvec=times, dtype=np.float64), ncv, tol)


# PyTorch


def _torch() -> Any:
    import torch

    torch.set_num_threads(THREADS)
    return torch


def _torch_module(weights: list[Array], v: Array, relu: bool) -> Any:
    """Return layers whose parameters are the weights, and which give f, shape (batch, 1)."""
    torch = _torch()
    layers: list[Any] = []
    for w in weights:
        layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=torch.float64)
        layer.weight.data = torch.from_numpy(w)
        layers += [layer, torch.nn.ReLU()] if relu else [layer]
    readout = torch.nn.Linear(len(v), 1, bias=False, dtype=torch.float64)
    readout.weight = torch.nn.Parameter(torch.from_numpy(v)[None], requires_grad=False)
    return torch.nn.Sequential(*layers, readout)


@cache
def _torch_sum() -> Any:
    """Return the loss that is the sum of what it is given: the Hessian of the loss is that of f."""
    torch = _torch()

    class Sum(torch.nn.Module):  # type: ignore[misc,name-defined]
        reduction = "sum"

        def forward(self, outputs: Any, targets: Any) -> Any:
            return outputs.sum()

    return Sum()


def torch_dense(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """torch.func.hessian, then eigvalsh."""
    torch = _torch()
    _refuse_dense(weights)
    readout, inputs = torch.from_numpy(v), torch.from_numpy(x)

    def f(stack: Any) -> Any:
        a = inputs
        for w in stack:
            a = torch.relu(w @ a) if relu else w @ a
        return readout @ a

    stack = torch.from_numpy(np.stack(weights))
    hessian = torch.func.hessian(f)(stack)
    return np.asarray(torch.linalg.eigvalsh(hessian.reshape(stack.numel(), stack.numel())).numpy())


def curvlinops_eigsh(weights: list[Array], v: Array, x: Array, relu: bool, *, ncv: int, tol: float) -> Array:
    """Take curvlinops' linear operator of the Hessian, without its self-test at construction, then eigsh."""
    torch = _torch()
    from curvlinops import HessianLinearOperator

    model = _torch_module(weights, v, relu)
    data = [(torch.from_numpy(x)[None], torch.zeros((1, 1), dtype=torch.float64))]
    parameters = [p for p in model.parameters() if p.requires_grad]
    operator = HessianLinearOperator(model, _torch_sum(), parameters, data, check_deterministic=False)
    return _ends_by_eigsh(operator.to_scipy(), ncv, tol)


def _eigenthings(weights: list[Array], v: Array, x: Array, relu: bool) -> Any:
    torch = _torch()
    from hessian_eigenthings import HessianOperator, supervised_loss

    data = [(torch.from_numpy(x)[None], torch.zeros((1, 1), dtype=torch.float64))]
    return HessianOperator(_torch_module(weights, v, relu), data, supervised_loss(_torch_sum()))


def eigenthings(weights: list[Array], v: Array, x: Array, relu: bool, *, steps: int) -> Array:
    """hessian-eigenthings: as many steps as it takes, reorthogonalized, all Ritz values of which the ends are taken."""
    from hessian_eigenthings import lanczos

    operator = _eigenthings(weights, v, x, relu)
    values = lanczos(operator, k=steps, max_iter=steps, reorthogonalize=True, seed=0).eigenvalues.numpy()
    return np.array([values.min(), values.max()])


def eigenthings_ten(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """hessian-eigenthings with nothing said: the ten of largest modulus, after twenty steps."""
    from hessian_eigenthings import lanczos

    values = lanczos(_eigenthings(weights, v, x, relu), seed=0).eigenvalues.numpy()
    return np.array([values.min(), values.max()])


def eigenthings_ends(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """hessian-eigenthings asked for one eigenvalue at each end: it takes two steps for an eigenvalue."""
    from hessian_eigenthings import lanczos

    operator = _eigenthings(weights, v, x, relu)
    ends = [lanczos(operator, k=1, which=which, seed=0).eigenvalues.numpy() for which in ("SA", "LA")]
    return np.concatenate(ends)


def pyhessian_defaults(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """PyHessian: power iteration with its defaults, two eigenvalues: the second end by deflation."""
    torch = _torch()
    from pyhessian import hessian

    torch.manual_seed(0)
    data = (torch.from_numpy(x)[None], torch.zeros((1, 1), dtype=torch.float64))
    values, _ = hessian(_torch_module(weights, v, relu), _torch_sum(), data=data, cuda=False).eigenvalues(top_n=2)
    return np.sort(values)


# JAX


@cache
def _jax_gradient(relu: bool) -> Callable[..., Any]:
    """Return the gradient of f in the stacked weights; a scan over layers compiles in no time, and runs as fast."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def f(stack: Any, v: Any, x: Any) -> Any:
        def layer(a: Any, w: Any) -> Any:
            z = w @ a
            return jax.nn.relu(z) if relu else z, None

        return jax.lax.scan(layer, x, stack)[0] @ v

    return jax.grad(f)


@cache
def _jax_product(relu: bool) -> Callable[..., Any]:
    import jax

    gradient = _jax_gradient(relu)

    def times(stack: Any, v: Any, x: Any, direction: Any) -> Any:
        return jax.jvp(lambda w: gradient(w, v, x), (stack,), (direction.reshape(stack.shape),))[1].ravel()

    return jax.jit(times)


def jax_eigsh(weights: list[Array], v: Array, x: Array, relu: bool, *, ncv: int, tol: float) -> Array:
    """Jit of the product, jvp of grad, then eigsh."""
    times = _jax_product(relu)
    import jax.numpy as jnp

    stack, readout, inputs = jnp.asarray(np.stack(weights)), jnp.asarray(v), jnp.asarray(x)
    operator = LinearOperator(
        (stack.size, stack.size), matvec=lambda d: np.asarray(times(stack, readout, inputs, d)), dtype=np.float64
    )
    return _ends_by_eigsh(operator, ncv, tol)


@cache
def _jax_lanczos(relu: bool, steps: int, batch: bool) -> Callable[..., Any]:
    """Return jit of so many steps of Lanczos with full reorthogonalization; one pass will do for fewer than the rank.

    In a batch vmap takes four networks at a time, whose vectors stay in the cache: almost twice as fast as all at once.
    """
    import jax
    import jax.numpy as jnp

    gradient = _jax_gradient(relu)

    def ends(stack: Any, v: Any, x: Any, start: Any) -> Any:
        def step(j: Any, state: Any) -> Any:
            basis, vector, alphas, betas = state
            basis = basis.at[j].set(vector)
            w = jax.jvp(lambda u: gradient(u, v, x), (stack,), (vector.reshape(stack.shape),))[1].ravel()
            alphas = alphas.at[j].set(w @ vector)
            w -= basis.T @ (basis @ w)
            beta = jnp.linalg.norm(w)
            return basis, w / jnp.where(beta > 0, beta, 1.0), alphas, betas.at[j].set(beta)

        first = start / jnp.linalg.norm(start)
        state = (jnp.zeros((steps, first.size)), first, jnp.zeros(steps), jnp.zeros(steps))
        _, _, alphas, betas = jax.lax.fori_loop(0, steps, step, state)
        tridiagonal = jnp.diag(alphas) + jnp.diag(betas[:-1], 1) + jnp.diag(betas[:-1], -1)
        return jnp.linalg.eigvalsh(tridiagonal)[jnp.array([0, -1])]

    def all_ends(stacks: Any, readouts: Any, x: Any, start: Any) -> Any:
        return jax.lax.map(lambda each: ends(*each, x, start), (stacks, readouts), batch_size=4)

    return jax.jit(all_ends if batch else ends)


def jax_lanczos(weights: list[Array], v: Array, x: Array, relu: bool, *, steps: int) -> Array:
    """All steps in one compiled loop."""
    stack = np.stack(weights)
    return np.asarray(_jax_lanczos(relu, steps, False)(stack, v, x, _start(stack.size)))


def jax_lanczos_batch(weights: list[Array], v: Array, x: Array, relu: bool, *, steps: int) -> list[Array]:
    """All steps of all networks in one compiled loop."""
    stack = np.stack(weights, axis=1)
    return list(np.asarray(_jax_lanczos(relu, steps, True)(stack, v, x, _start(math.prod(stack.shape[1:])))))


_TOLERANCES = tuple(10.0**-k for k in range(1, 13))
_BY_EIGSH: tuple[tuple[Effort, ...], ...] = tuple(
    tuple({"ncv": ncv, "tol": tol} for tol in _TOLERANCES) for ncv in (8, 12, 16, 20)
)
_BY_STEPS: tuple[tuple[Effort, ...], ...] = (
    tuple({"steps": steps} for steps in (*range(8, 32, 2), *range(32, 64, 4), 64, 80, 96, 128)),
)

SIDES: dict[str, Side] = {
    "NumPy dense + eigvalsh": Side(full=numpy_dense),
    "NumPy by hand + eigsh": Side(extremes=numpy_eigsh, ladders=_BY_EIGSH),
    "torch.func.hessian + eigvalsh": Side(full=torch_dense, needs="torch"),
    "curvlinops + eigsh": Side(extremes=curvlinops_eigsh, ladders=_BY_EIGSH, needs="curvlinops"),
    "hessian-eigenthings": Side(extremes=eigenthings, ladders=_BY_STEPS, needs="hessian_eigenthings"),
    "hessian-eigenthings, k=10": Side(extremes=eigenthings_ten, needs="hessian_eigenthings", as_delivered=True),
    "hessian-eigenthings, k=1 twice": Side(extremes=eigenthings_ends, needs="hessian_eigenthings", as_delivered=True),
    "PyHessian, defaults": Side(extremes=pyhessian_defaults, needs="pyhessian", as_delivered=True),
    "JAX hvp + eigsh": Side(extremes=jax_eigsh, ladders=_BY_EIGSH, needs="jax"),
    "JAX hvp + Lanczos": Side(extremes=jax_lanczos, extremes_batch=jax_lanczos_batch, ladders=_BY_STEPS, needs="jax"),
}
