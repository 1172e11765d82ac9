"""Weight normalization: how neurons move, which of them grow, and how fast the loss falls.

====================  =======================================================================
flows                 the flow of one neuron, what layers keep, and one neuron alone
winners               which neuron takes all, and where the others stop
not_only_exponential  what looks true and is false: sparsity without normalization
norm_gradient         norms and gradients late in the flow
loss_rates            exact times of chains, with and without normalization
any_net               a rate at every finite time, for any homogeneous net
descent               gradient descent: what |v| gains, its distance from the flow, its rate
committees            how many neurons of a committee are left, by family: random data and starts
====================  =======================================================================
"""
