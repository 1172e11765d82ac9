"""Implicit bias on data of one's own: which interpolant gradient flow selects, and how far it is from those known.

================  =========================================================================
csv_data          inputs and targets from files, exactly or refused
parametrizations  networks that are trained, and the potential that their flow minimizes
selecting         all of this together: selected_solution()
showing           what was found as text and as JSON
================  =========================================================================
"""
