"""The main job: statements in, verdicts out.

============  ==========================================================================
verifying     all of it: plan, sample in the background, judge, report
simulating    one simulation for each ensemble, whoever asks, with an error that is its own
judging       what evidence says of a claim and of its mutants
substitution  what a proof says of other networks
generality    whether proofs speak of all networks that are assumed
code          what the code of evidence speaks of: hidden networks, the claim itself
content       whether evidence says anything of the claim's size and sign, and where it has no value
sharpness     how far a claim may be off before it is refuted
results       what was found, of a mutant, of a statement, of all of them
provenance    which version found it, when and where
============  ==========================================================================
"""
