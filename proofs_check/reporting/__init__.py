"""How results are shown and written.

========  ===============================================================
findings  findings and what went wrong, in lines
records   a report as plain data, read from its JSON
page      a report as one page of HTML; its form is in templates/
formulas  LaTeX as MathML
pieces    LaTeX in lines, parts and pieces
spacing   the spaces of MathML, as TeX has them
trust     what evidence of each tier says and rests on
layout    tables and text as wide as the terminal
files     files written whole or not at all
progress  progress bars on a terminal
drawing   what figures share: canvas, colours, bars, files whole or not at all
========  ===============================================================
"""
