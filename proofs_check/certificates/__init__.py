"""Certificates: proofs as Coq files, which a kernel checks that shares nothing with SymPy and python-flint.

=============  ==============================================================================
terms          a formula as a Coq term over the real numbers
writing        how a theorem and its proof are laid out
lemmas         an obligation as a lemma
inductions     an induction as a theorem for all numbers of steps
folds          a fold as a theorem for any number of steps with letters of their own
weights        from the moments of single weights to the closed form, at every depth
projects       one file for each statement, the shipped theory, and a Makefile
coqc           Coq checks them, and what they assume
=============  ==============================================================================

The shipped theory is in ``coq/``: what is assumed of random weights stands at the top of ``OneLayer.v``, on one page.
"""
