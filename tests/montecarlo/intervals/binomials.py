"""Binomial laws, exactly."""

import math


def binomial(n, p):
    """Exact probabilities of Binomial(n, p), p a fraction."""
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
