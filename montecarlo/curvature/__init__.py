"""Curvature: Hessians of networks in their weights, of the output and of losses on data.

===========  ================================================================
networks     one given network: weights, activation, readout
===========  ================================================================
"""
