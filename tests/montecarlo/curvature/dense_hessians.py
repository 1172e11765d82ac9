"""The Hessian of f by multilinearity alone: masks fixed, two weight matrices at a time replaced by unit matrices."""

import numpy as np


def outputs_linearized(weights, slopes, readout, x):
    """f with the given slopes, whatever the weights."""
    a = x
    for w, d in zip(weights, slopes, strict=True):
        a = d * (w @ a)
    return readout @ a


def dense_hessian(weights, slope, readout, x, last_is_linear=False):
    """All second derivatives, W_1 row by row, then W_2, ..."""
    a, slopes = x, []
    for k, w in enumerate(weights):
        z = w @ a
        is_linear = last_is_linear and k == len(weights) - 1
        slopes.append(np.ones_like(z) if is_linear else np.where(z > 0, 1.0, slope))
        a = slopes[-1] * z
    entries = [(k, i, j) for k, w in enumerate(weights) for i in range(w.shape[0]) for j in range(w.shape[1])]
    h = np.zeros((len(entries), len(entries)))
    for row, (k, i, j) in enumerate(entries):
        for column, (later, p, q) in enumerate(entries[:row]):
            if k != later:
                changed = list(weights)
                changed[k], changed[later] = (np.zeros_like(weights[layer]) for layer in (k, later))
                changed[k][i, j] = changed[later][p, q] = 1.0
                h[row, column] = h[column, row] = outputs_linearized(changed, slopes, readout, x)
    return h
