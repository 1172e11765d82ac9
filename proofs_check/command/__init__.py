"""The subcommands of ``vanishing``, one file each.

======  ===========================================================
report  the verdict table and the folder that `verify --out` writes
soak    the statistical suite over many seeds
======  ===========================================================
"""
