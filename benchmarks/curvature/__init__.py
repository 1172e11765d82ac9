"""Speed and accuracy of Hessian spectra against PyTorch, JAX and NumPy: ``python -m benchmarks.curvature``.

=========  ====================================================================
work       what is asked: eigenvalues of the Hessian of f, of which networks
sides      how a side says what it can do
ours       montecarlo.curvature
peers      dense Hessians, products with eigsh or Lanczos, and the packages
by_hand    the Hessian and products with it written out in NumPy
reference  what is true: dense or low-rank spectra, eigsh to the last digit
worker     one side in a process of its own, which times what it is sent
__main__   the command: all sides interleaved, ratios and errors in one run
=========  ====================================================================
"""
