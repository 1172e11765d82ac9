"""Means and moments of activations, gradients, Jacobians and Hessians, in closed form.

==================  ==================================================================================================
transfer            one layer as a linear map on even power sums
powers              its powers in closed form: one factor, two eigenvalues, or with biases a triangle
sequences           moments in the depth: recurrence, generating function, exact terms and balls
activations         E|a_k|^2m and its kurtosis
between_orders      bounds on E|a_k|^t from the even moments, for any law
outputs             E|f|^t of the output, and its kurtosis
across_layers       E|a_j|^2 |a_k|^2 across layers: covariance and correlation
two_inputs          E<a_k, a'_k> of two inputs, and how their angle closes
products_of_inputs  E<a, a'>^2, E|a|^2|a'|^2 and E|a|^2<a, a'>: one layer, or linear networks
wide_angles         the angle at infinite width, and how fast it closes
large_widths        rational functions of the width as series in 1/n, with exact coefficients
expansions          the typical layer and the kurtosis in powers of 1/n, for any law; the kurtosis' limit
gradients           E|df/dW_k|^2m and E|df/db_k|^2m for sign-symmetric readouts, and where masks act as if independent
root_bounds         E|a_k| and P(|a_k|^2 >= c|x|^2) bounded by moments of order 4 and 6, for any law
limits              what E|a_k|^2m tends to with biases
fixed_readouts      E|df/dW_k|^2 and E|df/dW_k|^4 for a fixed readout, ReLU and normal weights
gradient_products   E|df/dW_j|^2 |df/dW_k|^2: covariance and correlation across layers
jacobians           E|M_lk|_F^2 and E|M_lk|_F^4, between two layers
hessians            E|H_kl|_F^2 and E|H_kl|_F^4, E tr H^2, the loss Hessian's two parts
==================  ==================================================================================================
"""
