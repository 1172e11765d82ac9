"""Stability of minibatches on curvatures of one's own: the largest learning rates, exact or enclosed, and paths.

=======  ==============================================================
rates    in mean square and typically, and what paths do: stable_rates()
showing  what was found as text and as JSON
=======  ==============================================================
"""
