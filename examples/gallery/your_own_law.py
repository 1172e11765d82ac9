"""Weights of a law of your own.

A third of the weights are zero, the others are signs: sparse ternary networks. The kurtosis of the law
decides how fast the fourth moment grows; theory derives it, and networks of real weights agree.
"""

import numpy as np

from montecarlo import ActivationNorms, catoni_interval, simulate
from theory import Ensemble, Law, activation_moment, kurtosis

ternary = Law.discrete({-1: "1/3", 0: "1/3", 1: "1/3"})
net = Ensemble(width=16, depth=4, activation="relu", init="he", law=ternary)
print("kurtosis of |a_L|^2 under this law:", kurtosis(net), "normal:", kurtosis(net.at(law="normal")))

last = ActivationNorms(layers=(4,))
squares = np.exp(simulate(net, [last], samples=20_000, seed=0)[last].log_values("a_4"))
variance = float(activation_moment(net, 4)) - float(activation_moment(net, 2)) ** 2
print("E|a_L|^2:", activation_moment(net, 2), "measured:", catoni_interval(squares, variance, error=1e-3))
