"""Questions and answers of `derive` and `sample`: their form, and what many quantities share.

=============  ======================================================================
query          the form of a question and of its answers
assumed        what an answer assumes, as a reader is told
formats        answers as text, LaTeX, Python and JSON
log_laws       notation, cumulants and quantiles of laws of logarithms
beyond_plain   typical sizes in other architectures, and of orthogonal weights
sampling       how many networks, by which engine, where they run
sampled_means  valid intervals for heavy-tailed means
sampled_logs   valid intervals for means, quantiles and tails of sampled logarithms
=============  ======================================================================
"""
