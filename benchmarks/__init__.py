"""How fast exact expectations of products of random matrices are, here and elsewhere: every answer is checked.

================  ==============================================================================
expectations      the command: ``python -m benchmarks.expectations``
cases             the questions, each with its answer known independently
sides             who is asked, and by which route
ours              what theory answers
haarpy_side       what haarpy answers: from pairings, and from its Haar integrals
tensorgrad_side   what tensorgrad answers: as written, and after a step by hand
sympy_side        what SymPy answers without any of them: expanded entries
timing            the first call and the median of the later ones, without caches
worker            one case asked of one side, in a process of its own

sampling          the command: ``python -m benchmarks.sampling``, networks against PyTorch, JAX and NumPy
training          the command: ``python -m benchmarks.training``, many networks against a PyTorch loop
coverage          how often each confidence interval misses a known truth
mutants           whether tests notice when the code is changed a little: ``python -m benchmarks.mutants``
mutations         the changes, and where they can be made
================  ==============================================================================
"""
