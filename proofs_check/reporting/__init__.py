"""How results are shown and written.

========  ===============================================================
findings  findings and what went wrong, in lines
layout    tables and text as wide as the terminal
files     files written whole or not at all
progress  progress bars on a terminal
drawing   what figures share: canvas, colours, bars, files whole or not at all
========  ===============================================================
"""
