"""Grids of one's own: quantities of networks, theory beside measurement, as tables and figures.

============  ======================================================================
toml          TOML files, whose unknown keys are refused with their line
axes          what rows, columns and lines set: sizes, laws, quantities
cases         the networks of one cell
quantities    a quantity as it is written in claims, at given networks
readings      all cells, derived and measured, with one error probability
layout        readings as a table
tabulating    all of this together: tabulate()
picturing     readings as a figure
closed_table  a table of a closed form, whose letters the rows and columns set
============  ======================================================================
"""
