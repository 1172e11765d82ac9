"""Which solution training finds.

Ten equations for twenty unknowns, fitted by a diagonal network. Small weights at the start lead to the solution of
least l1 norm, which is sparse, large ones to that of least l2 norm; so do small ones if the layers are of unequal size.
"""

import numpy as np

from proofs_check import selected_solution

X = np.random.default_rng(0).choice((-1, 1), size=(10, 20))
y = X[:, 0] - 2 * X[:, 1]  # two entries of the truth are not 0
for alpha, s in (("1e-6", "0"), ("1e-3", "0"), ("1", "0"), ("1e-3", "0.999")):
    found = selected_solution(X, y, "diagonal", {"alpha": alpha, "s": s}, simulate=False)
    above = found.l1_excess / float(found.l1.norm)
    largest = np.sort(abs(found.point))[::-1][:4].round(2)
    print(f"scale {alpha:4}  shape {s:5}  l1 norm {above:6.1%} above the least  largest entries {largest}")
