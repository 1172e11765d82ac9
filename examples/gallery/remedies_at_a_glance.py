"""What residual branches and normalization do to signal and gradient.

Medians over a few hundred deep networks, as powers of e: the plain network loses signal and gradient,
residual branches keep both, layer norm keeps the signal alone.
"""

from montecarlo import ActivationNorms, GradientNorms, simulate
from theory import Ensemble

depth = 64
signal, gradient = ActivationNorms(layers=(depth,)), GradientNorms(layers=(2,))
for architecture in ("plain", "residual:1/sqrt(L):two", "layernorm"):
    net = Ensemble(width=8, depth=depth, activation="relu", init="he", architecture=architecture)
    run = simulate(net, [signal, gradient], samples=400, seed=0)
    medians = run[signal].quantile(0.5, f"a_{depth}").value, run[gradient].quantile(0.5, "G_2").value
    print(f"{architecture:22} log|a_L|^2: {medians[0]:6.1f}   log|df/dW_2|^2: {medians[1]:6.1f}")
