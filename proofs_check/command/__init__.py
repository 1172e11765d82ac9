"""What belongs to the command line.

=============  ===========================================================
subcommands    what ``vanishing`` can do, one file each
asking         options that say what is asked: quantity, ensemble, layers
running        options that say where it runs; workers and progress bars
wording        errors of the library in the words of the command line
option_values  values of options: read, or refused in one line
report         the verdict table and the folder that `verify --out` writes
soak           the statistical suite over many seeds
=============  ===========================================================
"""
