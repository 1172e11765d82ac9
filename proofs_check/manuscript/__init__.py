"""A paper's tables, figures and numbers, from one TOML file: what ``vanishing paper`` does.

========  ======================================================================
recipe    the file, read and checked before any work
items     what it can name: tables, figures, numbers, claims, verdicts
building  makes all of it, and says what has changed since the last time
macros    numbers and verdicts as LaTeX macros
record    what was made the last time
========  ======================================================================
"""
