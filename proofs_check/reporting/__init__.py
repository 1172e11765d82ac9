"""How results are shown and written.

============  ===============================================================
findings      findings and what went wrong, in lines
records       a report as plain data, read from its JSON
page          a report as one page of HTML; its form is in templates/
formulas      LaTeX as MathML
pieces        LaTeX in lines, parts and pieces
spacing       the spaces of MathML, as TeX has them
trust         what evidence of each tier says and rests on
layout        tables and text as wide as the terminal
files         files written whole or not at all
progress      progress bars on a terminal
watched       workers that tell how many of their tasks are done
pictures      what a figure shows, as data: panels of series
picture_data  the numbers behind a figure, as CSV and JSON
pages         the page that a figure is for: width, style, kinds of files
drawing       pictures drawn: panels laid out for the width of the page
painting      what stands in a panel: lines, points with intervals, words
legends       legends below all panels
fitting       words broken into lines, and ticks left out, where room is short
colours       colours that everyone can tell apart
figure_files  a figure as the content of a file, without a date
============  ===============================================================
"""
