"""A calculus of random matrices of symbolic size.

Expectations of traces of products, for Gaussian, independent symmetric, and Haar matrices. The size n stays a symbol.
"""

import sympy as sp

from theory import Gaussian, Haar, Iid, expectation

n = sp.Symbol("n", integer=True, positive=True)
W, Q, A, B = (sp.MatrixSymbol(name, n, n) for name in "WQAB")

print("normal:     ", expectation(sp.Trace(W * A * W.T * B), {W: Gaussian(1 / n)}))
print("any law:    ", expectation(sp.Trace(W * W.T) ** 2, {W: Iid("symmetric", 1 / n)}))
print("orthogonal: ", expectation(sp.Trace(Q * A * Q.T * B), {Q: Haar()}))
print("twice:      ", expectation(sp.Trace(W * A * W.T * W * B * W.T), {W: Gaussian(1 / n)}))
