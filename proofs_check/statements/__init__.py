"""The statements: a folder for each topic, in it a file for each idea; each statement reads like the theorem.

==========  ====================================================================
chain       width one: products of single weights, and their Hessian
forward     the signal |a_L| at any width
wide        the limit of width: smooth activations and biases
law         its exact law for normal weights, and the width that a depth needs
gradient    the gradient with respect to one weight matrix
hessian     the Hessian of f: blocks, structure, norms, spectrum
plateau     the loss's Hessian where f is small against its target
sgd         minibatches in a valley: which rates and curvatures are unstable
noise       gradients of examples against the curvature
escape      how long a plateau holds gradient descent, and adaptive update rules
descent     gradient descent against gradient flow: distance, curvature, arrival
linear2     two linear layers: how fast gradient flow fits, and where it ends
shape       diagonal nets and neurons: what the shape of the start selects
sparse      sparse signals found by diagonal networks of any depth
weightnorm  neurons trained through length and direction
training    classifiers of digits: the edge of stability, gradient noise
remedy      residual branches, normalization, orthogonal weights, width
init        initializations that do not preserve even the mean
matrices    products of random matrices, by two independent routes
engines     samplers without matrices, of the same law as real weights
==========  ====================================================================

A statement is found because its file is here and lists it in ``STATEMENTS`` (:mod:`proofs_check.registry`).

The docstring of a claim states the theorem. The keyword-only arguments of a claim have the values of the theorem by
default; mutants give them other values.
"""
