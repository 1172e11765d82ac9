"""The same work in NumPy, PyTorch and JAX, as their users write it and as fast as we know how; two threads each."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from benchmarks.sampling.work import Work

THREADS = 2


def numpy_loop(work: Work, networks: int, seed: int) -> float:
    """One network after the other, one layer after the other."""
    rng = np.random.default_rng(seed)
    n, dtype = work.width, np.dtype(work.dtype)
    bound, std = math.sqrt(3 / n), math.sqrt(2 / n)
    found = np.empty(networks)
    for i in range(networks):
        a = np.full(n, 1 / math.sqrt(n), dtype)
        weights, masks, norms = [], [], [1.0]
        for _ in range(work.depth):
            if work.is_relu:
                w = rng.standard_normal((n, n), dtype=dtype) * dtype.type(std)
            else:
                w = (2 * rng.random((n, n), dtype=dtype) - 1) * dtype.type(bound)
            a = w @ a
            if work.is_relu:
                masks.append(a > 0)
                a = np.maximum(a, 0)
            if work.quantity == "gradient":
                weights.append(w)
            norms.append(float(a @ a))
        if work.quantity == "forward":
            found[i] = norms[-1]
            continue
        b = rng.standard_normal(n).astype(dtype) / dtype.type(math.sqrt(n))
        for k in range(work.depth, 0, -1):
            if k < work.depth:
                b = weights[k].T @ b
            if work.is_relu:
                b = b * masks[k - 1]
            gradient = float(b @ b) * norms[k - 1]
        found[i] = gradient
    return _log_median(found)


def torch_loop(work: Work, networks: int, seed: int) -> float:
    """nn.Linear layers, one network after the other, gradients by autograd."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    n, dtype = work.width, getattr(torch, work.dtype)
    found = np.empty(networks)
    for i in range(networks):
        layers = [torch.nn.Linear(n, n, bias=False, dtype=dtype) for _ in range(work.depth)]
        for layer in layers:
            if work.is_relu:
                torch.nn.init.normal_(layer.weight, std=math.sqrt(2 / n))
            else:
                torch.nn.init.uniform_(layer.weight, -math.sqrt(3 / n), math.sqrt(3 / n))
        a = torch.full((n,), 1 / math.sqrt(n), dtype=dtype)
        norms = []
        with torch.set_grad_enabled(work.quantity == "gradient"):
            for layer in layers:
                a = layer(a)
                if work.is_relu:
                    a = torch.relu(a)
                norms.append(a.square().sum())
            if work.quantity == "gradient":
                v = torch.randn(n, dtype=dtype) / math.sqrt(n)
                (a @ v).backward()
                norms = [layer.weight.grad.square().sum() for layer in layers]
        found[i] = float(norms[-1 if work.quantity == "forward" else 0])
    return _log_median(found)


def torch_batched(work: Work, networks: int, seed: int) -> float:
    """Batches of matrices (bmm) on two Python threads, each with a generator of its own; gradients by hand."""
    import torch

    torch.set_num_threads(1)
    n, dtype = work.width, getattr(torch, work.dtype)
    itemsize = dtype.itemsize
    # the sizes that were fastest here: about a megabyte of weights at a time, all layers kept for gradients
    chunk = max(1, min(2**20 // (itemsize * n * n), 2**14, networks))
    if work.quantity == "gradient":
        chunk = max(1, min(chunk, 2**26 // (itemsize * n * n * work.depth)))
    chunks = [min(chunk, networks - start) for start in range(0, networks, chunk)]

    @torch.no_grad()
    def run(job: tuple[int, int]) -> Any:
        number, m = job
        g = torch.Generator().manual_seed(seed * 1_000_003 + number)
        a = torch.full((m, n, 1), 1 / math.sqrt(n), dtype=dtype)
        norms = torch.empty((work.depth + 1, m), dtype=dtype)
        norms[0] = 1
        weights, masks = [], []
        shared = torch.empty((m, n, n), dtype=dtype)
        for k in range(work.depth):
            w = torch.empty((m, n, n), dtype=dtype) if work.quantity == "gradient" else shared
            if work.is_relu:
                a = torch.bmm(w.normal_(generator=g), a).mul_(math.sqrt(2 / n))
                if work.quantity == "gradient":
                    masks.append(a > 0)
                a.relu_()
            else:
                bound = math.sqrt(3 / n)
                a = torch.bmm(w.uniform_(-bound, bound, generator=g), a)
            if work.quantity == "gradient":
                weights.append(w)
            norms[k + 1] = a.square().sum((1, 2))
        if work.quantity == "forward":
            return norms[-1]
        b = torch.randn((m, 1, n), dtype=dtype, generator=g).div_(math.sqrt(n))
        gradients = torch.empty((work.depth, m), dtype=dtype)
        for k in range(work.depth, 0, -1):
            if k < work.depth:
                b = torch.bmm(b, weights[k])
                if work.is_relu:
                    b.mul_(math.sqrt(2 / n))
            if work.is_relu:
                b = b * masks[k - 1].transpose(1, 2)
            gradients[k - 1] = b.square().sum((1, 2)) * norms[k - 1]
        return gradients[0]

    with ThreadPoolExecutor(THREADS) as pool:
        found = torch.cat(list(pool.map(run, enumerate(chunks))))
    return _log_median(found.double().numpy())


def torch_func(work: Work, networks: int, seed: int) -> float:
    """torch.func: vmap of grad over batches of networks; vmap of the network itself for activations."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    n, dtype = work.width, getattr(torch, work.dtype)

    def output(weights: Any, v: Any) -> Any:
        a = torch.full((n,), 1 / math.sqrt(n), dtype=dtype)
        norms = []
        for k in range(work.depth):
            a = weights[k] @ a
            if work.is_relu:
                a = torch.relu(a)
            norms.append(a.square().sum())
        return a @ v, torch.stack(norms)

    both = torch.func.vmap(torch.func.grad_and_value(output, has_aux=True))
    chunk = max(1, min(networks, 2**25 // (dtype.itemsize * n * n * work.depth), 2**14))
    found = []
    for start in range(0, networks, chunk):
        m = min(chunk, networks - start)
        w = torch.empty((m, work.depth, n, n), dtype=dtype)
        if work.is_relu:
            w.normal_(std=math.sqrt(2 / n))
        else:
            w.uniform_(-math.sqrt(3 / n), math.sqrt(3 / n))
        v = torch.randn((m, n), dtype=dtype) / math.sqrt(n)
        if work.quantity == "forward":
            with torch.no_grad():
                found.append(torch.func.vmap(output)(w, v)[1][:, -1])
        else:
            found.append(both(w, v)[0].square().sum((2, 3))[:, 0])
    return _log_median(torch.cat(found).double().numpy())


def jax_vmap(work: Work, networks: int, seed: int) -> float:
    """Jit of vmap over networks, a scan over layers; gradients by grad."""
    import jax

    jax.config.update("jax_enable_x64", work.dtype == "float64")
    n = work.width
    chunk = max(1, min(networks, 2**25 // (np.dtype(work.dtype).itemsize * n * n * work.depth), 2**12))
    if work.quantity == "forward":
        chunk = max(1, min(networks, 2**23 // (n * n), 2**14))
    sampled = _jax_sampler(work)
    found = []
    for number in range(-(-networks // chunk)):
        keys = jax.random.split(jax.random.key(seed * 1_000_003 + number), chunk)
        found.append(sampled(keys))
    return _log_median(np.concatenate([np.asarray(part, dtype=np.float64) for part in found])[:networks])


@cache
def _jax_sampler(work: Work) -> Callable[[Any], Any]:
    import jax
    import jax.numpy as jnp

    n, dtype = work.width, work.dtype
    x = jnp.full((n,), 1 / math.sqrt(n), dtype)

    def draw(key: Any) -> Any:
        if work.is_relu:
            return jax.random.normal(key, (n, n), dtype) * dtype_of(math.sqrt(2 / n))
        bound = math.sqrt(3 / n)
        return jax.random.uniform(key, (n, n), dtype, -bound, bound)

    def dtype_of(value: float) -> Any:
        return jnp.asarray(value, dtype)

    def step(a: Any, w: Any) -> Any:
        a = w @ a
        a = jax.nn.relu(a) if work.is_relu else a
        return a, a @ a

    def forward(key: Any) -> Any:
        norms = jax.lax.scan(lambda a, k: step(a, draw(k)), x, jax.random.split(key, work.depth))[1]
        return norms[-1], norms.sum()  # the sum keeps all layers alive

    def gradient(key: Any) -> Any:
        first, second = jax.random.split(key)
        weights = jax.vmap(draw)(jax.random.split(first, work.depth))
        v = jax.random.normal(second, (n,), dtype) / dtype_of(math.sqrt(n))
        grads = jax.grad(lambda ws: jax.lax.scan(step, x, ws)[0] @ v)(weights)
        norms = jnp.square(grads).sum((1, 2))
        return norms[0], norms.sum()

    batched = jax.jit(jax.vmap(forward if work.quantity == "forward" else gradient))
    return lambda keys: jax.block_until_ready(batched(keys))[0]


def _log_median(squares: np.ndarray) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(np.median(squares)))


SIDES: dict[str, Callable[[Work, int, int], float]] = {
    "NumPy loop": numpy_loop,
    "PyTorch nn.Linear loop": torch_loop,
    "PyTorch bmm, 2 threads": torch_batched,
    "torch.func vmap(grad)": torch_func,
    "JAX jit(vmap)": jax_vmap,
}
