"""Questions and answers of `derive` and `sample`: their form, and what many quantities share.

===============  ====================================================================
asking           asks theory or montecarlo, for the command line and for Python
query            the form of a question
closed_forms     asks for what depends on letters and on no network
letter_query     the form of such a question
letter_values    the values of its letters, read
notation         what stands left of an answer's equation
derivation       the form of an answer of theory
sampled          the form of an answer of montecarlo
assumed          what an answer assumes, as a reader is told
letters          what the letters of an answer mean
matrix_means     asks for means of products of random matrices
numpy_code       formulas with matrices as functions of NumPy arrays
formats          answers of theory as text, LaTeX, Python and JSON
sampled_formats  answers of montecarlo as text, LaTeX and JSON
log_laws         cumulants and quantiles of laws of logarithms
beyond_plain     typical sizes in other architectures, and of orthogonal weights
wide_limits      limits of width, written and with what they assume
sampling         how many networks, by which engine, where they run
sampled_means    valid intervals for heavy-tailed means
sampled_logs     valid intervals for means, quantiles and tails of sampled logarithms
===============  ====================================================================
"""
