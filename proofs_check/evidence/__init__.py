"""Evidence in its four tiers, strongest first; each kind of evidence is data that can examine a claim.

==============  ==============================================================================
proved          obligations that must vanish identically, decided by two algebra systems; identities of a few networks
fold            proved: a closed form of numbers that each step changes by letters of its own
induction       proved: a closed form of what a linear map carries from step to step
enumerated      exact equality with brute force on small cases
enclosed        inequalities between constants, in ball arithmetic
readings        what simulated evidence reads off a sample: means, means of logarithms, quantiles, shares
simulated       a confidence interval from real weight matrices, within a tolerance
equal_in_law    simulated: another sampler has the law of real weight matrices
same_law        simulated: two numbers measured on the same networks have one law
slope           simulated: how one number measured grows with another, on log scales
wins            simulated: which of two numbers of a network is the smaller one, counted over pairs
values          what claims may return
==============  ==============================================================================
"""

from proofs_check.evidence.enclosed import Enclosed, Inequality, agrees_with
from proofs_check.evidence.enumerated import Enumerated
from proofs_check.evidence.equal_in_law import EqualInLaw
from proofs_check.evidence.fold import Changing, Fold
from proofs_check.evidence.induction import Backward, Branches, Carried, Forward, Induction
from proofs_check.evidence.proved import Identity, Obligation, Proved
from proofs_check.evidence.readings import LogMean, Mean, Quantile, Reading, Share
from proofs_check.evidence.same_law import SameLaw
from proofs_check.evidence.simulated import Request, Simulated
from proofs_check.evidence.slope import Slope
from proofs_check.evidence.wins import Wins

Evidence = Proved | Enumerated | Enclosed | Simulated

__all__ = [
    "Evidence",
    "Proved",
    "Identity",
    "Obligation",
    "Induction",
    "Carried",
    "Fold",
    "Changing",
    "Forward",
    "Backward",
    "Branches",
    "Enumerated",
    "Enclosed",
    "Inequality",
    "agrees_with",
    "Simulated",
    "EqualInLaw",
    "SameLaw",
    "Slope",
    "Wins",
    "Request",
    "Reading",
    "Mean",
    "LogMean",
    "Quantile",
    "Share",
]
