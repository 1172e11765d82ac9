"""Speed of sampling networks against PyTorch, JAX and NumPy: ``python -m benchmarks.sampling``.

=========  =================================================================
work       what is timed: norms of activations or gradients of fresh networks
ours       our engines
peers      the same work in NumPy, PyTorch and JAX
worker     one side in a process of its own, which times what it is sent
__main__   the command: all sides interleaved, ratios in one run
=========  =================================================================
"""
