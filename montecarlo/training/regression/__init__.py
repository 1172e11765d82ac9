"""Networks that are linear in their input, trained on Xw = y: gradient flow, and descent beside it, of many at once.

=========================  =======================================================================
adaptive_flow              differential equations of many networks, each with steps of its own
diagonal_flows             diagonal linear nets: gradient flow, and descent beside it
diagonal_observables       descent from random starts, measured by :func:`montecarlo.simulate`
neuron_flows               nets of a few neurons, linear or leaky: gradient flow of both layers
regression_flows           one deep diagonal network, or one pair of layers, on data of one's own
interpolation_observables  loss, norms, distances and KKT residuals of a fit of Xw = y

pair_flows                 two linear layers of one output, data of rank one: flow solved, and descent
gram_flows                 two linear layers of any rank and outputs: flow and descent by Gram matrices
pair_observables           what :func:`montecarlo.simulate` measures of these

sparse_descent             diagonal networks of any depth on a sparse signal
sparse_observables         what :func:`montecarlo.simulate` measures of them, on designs drawn as weights
=========================  =======================================================================
"""
