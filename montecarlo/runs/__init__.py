"""Runs: networks drawn block by block, on any workers, kept, continued and replayed.

================  ====================================================================
simulation        draws networks and measures them, the same bits on any workers
choice_of_engine  which engine a simulation means
small_blocks      real weights in blocks of a few networks, for what takes long
blocks            one block of networks, drawn and measured: a pure function of a task
block_store       finished blocks in one SQLite file, safe from kills
stored_runs       a simulation's blocks in a store, by fingerprint
measured_code     what code decides a block's bits, so that a store never answers for code that has changed
tables            simulations as small tables, in notebooks
================  ====================================================================
"""
