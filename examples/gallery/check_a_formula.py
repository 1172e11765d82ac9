"""Check a formula, and learn what is true instead.

A claim goes in as text. What comes back says whether it holds, for which sizes, how that is known, and where
it fails first.
"""

from proofs_check import check
from theory import Ensemble

net = Ensemble(width="n", depth="L", activation="relu", init="he")
for claim in ("E|a_L|^4 = (1+5/n)^L |x|^4", "E|a_L|^4 = (1+6/n)^L |x|^4", "E|a_L|^4 <= exp(5*L/n) |x|^4"):
    print(check(claim, net), end="\n\n")
