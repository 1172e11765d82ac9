"""Every eigenvalue of the Hessian of a deep network.

The Hessian in 8,192 weights has 8,192 eigenvalues, nearly all of them exactly 0. The others come in pairs of
different signs, and of many sizes.
"""

import matplotlib.pyplot as plt
import numpy as np

from montecarlo.curvature import Network, hessian_spectrum
from theory import Ensemble

net = Network.sample(Ensemble(width=16, depth=32, activation="relu", init="he"), seed=0)
spectrum = hessian_spectrum(net, np.ones(16))
print(f"{spectrum.positive} positive, {spectrum.negative} negative, {spectrum.zeros} exactly 0")

figure, axes = plt.subplots(figsize=(6, 3.6))
values = spectrum.values[spectrum.values != 0]
for sign, name in ((1, "positive"), (-1, "negative")):
    sizes = np.sort(values[np.sign(values) == sign] * sign)[::-1]
    axes.plot(np.arange(1, len(sizes) + 1), sizes, label=name)
axes.set(yscale="log", xlabel="rank", ylabel="|eigenvalue|")
axes.legend()
figure.savefig("spectrum.png", dpi=110, bbox_inches="tight")
