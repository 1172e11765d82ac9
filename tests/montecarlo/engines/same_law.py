"""Two engines, one law: Kolmogorov distances between what they measure, marginally and jointly over the layers."""

import numpy as np

from montecarlo.intervals import two_sample_distance


def functionals(chunk):
    """Return what is compared, name to values, shape (m,): joint functionals feel conditioning that marginals do not.

    A zero makes them -inf, so that survival is compared as well.
    """
    depth = int(chunk.net.depth)
    layers = range(1, depth + 1)
    a, g, b = (
        chunk.log_activation_norms(range(depth + 1)),
        chunk.log_gradient_norms(layers),
        chunk.log_backward_norms(layers),
    )
    on = chunk.active_units(layers)
    alive = np.isfinite(g).all(axis=1)

    def given_alive(values):
        return np.where(alive, values, -np.inf)

    with np.errstate(invalid="ignore"):  # of the dead
        return {
            "a_1": a[:, 1],
            "a_L": a[:, -1],
            "b_1": b[:, 0],
            "b_L": b[:, -1],
            "G_1": g[:, 0],
            "G_L": g[:, -1],
            "max G/min G": given_alive(g.max(axis=1) - g.min(axis=1)),
            "G_L/G_1": given_alive(g[:, -1] - g[:, 0]),
            "G_1/a_L": given_alive(g[:, 0] - a[:, -1]),
            "min b_k a_k": given_alive((b + a[:, 1:]).min(axis=1)),  # f^2 is below each of them
            "G_1 a_1": given_alive(g[:, 0] + a[:, 1]),
            "units": on.sum(axis=1),
            "units of layer 1": on[:, 0],
            "units of layer L, then G_1": 1e4 * on[:, -1] + given_alive(np.clip(g[:, 0], -1e3, 1e3)),
            "units of layer 1, then b_1": 1e4 * on[:, 0] + given_alive(np.clip(b[:, 0], -1e3, 1e3)),
        }


MARGINALS = ("a_1", "a_L", "b_L", "G_1", "G_L")


def differing(first, second, error):
    """Return the names of functionals whose laws differ, for certain up to the error; of all names together."""
    each = error / len(first)
    # rounded: an atom must stay one
    pairs = {name: (np.round(values, 9), np.round(second[name], 9)) for name, values in first.items()}
    return {name for name, pair in pairs.items() if two_sample_distance(*pair, each).lo > 0}
