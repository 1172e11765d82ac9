"""The exact law of |a_k|^2 of tiny networks with discrete weights, in fractions; nothing of montecarlo is used."""

from collections import defaultdict
from fractions import Fraction


def law_of_square(net, layer):
    """Return the probability of each value of |a_k|^2; the input is a unit vector with equal entries, or numbers."""
    width = int(net.width_at(0))
    a, factor = (net.input, Fraction(1)) if isinstance(net.input, tuple) else ((1,) * width, Fraction(1, width))
    states = {tuple(map(Fraction, a)): Fraction(1)}
    slope = Fraction(net.slope)
    for k in range(1, layer + 1):
        factor *= net.variance(k) / net.law.variance
        following = defaultdict(Fraction)
        for state, chance in states.items():
            for units, p in _products(_unit(state, net.law.atoms, slope), int(net.width_at(k))).items():
                following[units] += chance * p
        states = following
    out = defaultdict(Fraction)
    for units, p in states.items():
        out[factor * sum(unit * unit for unit in units)] += p
    return dict(out)


def _unit(state, atoms, slope):
    sums = {Fraction(0): Fraction(1)}
    for entry in state:
        following = defaultdict(Fraction)
        for z, p in sums.items():
            for value, q in atoms:
                following[z + value * entry] += p * q
        sums = following
    out = defaultdict(Fraction)
    for z, p in sums.items():
        out[z if z > 0 else slope * z] += p
    return out


def _products(unit, width):
    """Return the law of independent units, sorted, as the law of what follows does not depend on their order."""
    rows = {(): Fraction(1)}
    for _ in range(width):
        following = defaultdict(Fraction)
        for row, p in rows.items():
            for z, q in unit.items():
                following[tuple(sorted((*row, z)))] += p * q
        rows = following
    return rows
