"""The mean is kept, the typical network is not.

He initialization keeps the mean of the squared signal at every depth. The median falls with depth over width.
Lines are theory, points are networks, with exact intervals.
"""

import matplotlib.pyplot as plt
import numpy as np

from montecarlo import ActivationNorms, simulate
from theory import Ensemble, LogNormLaw, activation_moment

net = Ensemble(width=8, depth="L", activation="relu", init="he")
print("mean:", activation_moment(net))

depths = (1, 2, 4, 8, 16, 32)
exact = [np.exp(LogNormLaw(net.at(depth=depth)).median()) for depth in depths]
everywhere = ActivationNorms(layers=depths)
readings = simulate(net.at(depth=max(depths)), [everywhere], samples=2_000, seed=0)[everywhere]

figure, axes = plt.subplots(figsize=(6, 3.6))
axes.plot(depths, [1] * len(depths), label="mean, theory")
axes.plot(depths, exact, label="median, theory")
for depth, median in zip(depths, exact, strict=True):
    found = readings.quantile(0.5, f"a_{depth}")
    value, low, high = np.exp([found.value, found.lo, found.hi])
    axes.errorbar(depth, value, yerr=[[value - low], [high - value]], fmt="o", color="C1")
    print(f"depth {depth:2}: median {median:.3g}, measured {value:.3g} in [{low:.3g}, {high:.3g}]")
axes.set(xscale="log", yscale="log", xlabel="depth", ylabel="|a_L|² / |x|²")
axes.legend()
figure.savefig("median.png", dpi=110, bbox_inches="tight")
