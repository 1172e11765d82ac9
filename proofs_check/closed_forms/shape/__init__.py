"""Diagonal networks and single neurons: which solution the shape and scale of the start select.

====================  ======================================================================
diagonal_regularizer  what the flow of a diagonal network minimizes
kernel_limit          how far its solution is from that of least l2 norm
rich_limit            how far from that of least l1 norm
descent               what gradient descent does to its scale
neuron_regularizer    what the flow of one linear neuron minimizes
====================  ======================================================================
"""

SOURCE = "S. Azulay, E. Moroshko, M. Shpigel Nacson, B. Woodworth, N. Srebro, A. Globerson, D. Soudry, arXiv:2102.09769"
"""The paper that these numbers are about."""
