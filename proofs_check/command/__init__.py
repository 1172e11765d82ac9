"""What belongs to the command line.

=============  ===========================================================
subcommands    what ``vanishing`` can do, one file each
asking         options that say what is asked: quantity, ensemble, layers
claims         options of a claim, and the check that they ask for
running        options that say where it runs; workers and progress bars
modules        options that say which statements are meant
wording        errors of the library in the words of the command line
option_values  values of options: read, or refused in one line
report         the verdict table, the folder that `verify --out` writes, the page
grids          options of a grid of one's own
soak           the statistical suite over many seeds
=============  ===========================================================
"""
