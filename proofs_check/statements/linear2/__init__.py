"""Two linear layers: how their initialization decides how fast gradient flow fits, and where it ends.

=================  ===================================================================
imbalance          what flow keeps, and what a step of descent changes of it
rates              the loss falls as fast as the imbalance says
margins            and faster, with a margin
scalar_solution    one output and data of rank one: the flow solved
minimum_norm       from where flow ends at the solution of minimum norm, and how near
orthonormal_start  what orthonormal rows at the start become
random_starts      random weights: the mean distance and the chance of an imbalance
=================  ===================================================================
"""
