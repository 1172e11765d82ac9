"""The signal |a_L| at any width.

=======  ======================================================
moments  what is preserved in the mean, what typically vanishes
=======  ======================================================
"""
