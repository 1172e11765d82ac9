"""How wide must a network be for its depth.

The least width at which the typical network keeps half of its signal, for some depths: width has to grow like depth.
"""

from proofs_check import derive
from theory import Ensemble

for depth in (4, 8, 16, 32):
    net = Ensemble(width="n", depth=depth, activation="relu", init="he")
    print(f"depth {depth:2}: width {derive('width', net, c='1/2', p='1/2').value:.0f}")
