"""Tables: what is in them, and how each format shows it.

==============  ======================================================================
model           a table of texts and numbers, with heads, groups, notes and an origin
digits          how a measured number is written: its interval decides the digits
ready           verdicts, the simulated findings of a topic, the claims of a paper
prose           text with formulas in it, as a typesetter wants it
widths          how wide a text will be on paper
latex_cells     cells and heads in LaTeX, and columns of numbers
fitting         how a table fits a column or a page
latex           a table in LaTeX, with booktabs and siunitx
html            a fragment, its formulas in MathML
formats         those two by name, beside Markdown, CSV, JSON and a list for narrow terminals
==============  ======================================================================
"""
