"""A claim in, a verdict out: what ``vanishing check`` does.

===================  =========================================================================
spelling             unicode, spelled out in ASCII
latex                LaTeX, translated
syntax               the grammar: from text to a tree
typesetting          from the tree to LaTeX
positivity           whether a formula is positive for all values of its letters
conditions           what must hold for a formula to have a value
arithmetic           from the tree to SymPy: numbers, letters, functions
matrix_declarations  declarations of matrices, from text to laws
matrix_letters       letters and numbers in declarations, and the identity
matrix_sizes         the sizes for which a claim about matrices is made
matrix_values        formulas of fixed matrices at numbers
matrix_shapes        the shapes of those that nobody declared
matrix_names         names that are probably transposes, products or slips
matrix_slips         names, digits and transposes that have run together
matrix_functions     diag(A), hadamard(A, B), ones(n, m)
matrices             which matrices a claim names, and how it names products of them
matrix_inverses      where inverses of random matrices exist, and which are known
matrix_text          means of matrices as text that a claim may have
random_numbers       what claims speak of: norms, eigenvalues, and what is asked of their laws
random_expressions   polynomials in them, plus logarithms
number_reader        from the tree to them
meaning              from the tree to two formulas, with statistics as letters
layer_order          whether the layers of a statistic increase for all values of their letters
derivations          what theory knows of each statistic
domain               the sizes for which a claim is made
parameters           the values of letters that are no sizes, crossed
scaling              how statistics change as the input is scaled
norms                inequalities between powers of |x|, for all |x| at once
relations            relations between two balls
sides                both sides at given sizes, exactly or in balls
at_sizes             a side in letters at given sizes, derived anew where the general formula has a pole
algebra              whether two formulas are identical; their ratio
trials               a claim at one size after another
counterexamples      where it fails, shown
closest              values of other letters at which an inequality comes closest to failing
critical             sizes at which a claim may turn from true to false
planning             which sizes, values and layers are tried
scopes               for what a verdict stands, in words
cross_check          proofs against numbers, before they are believed
one_layer            inequalities at every depth, from one layer
exactly              verdicts on what theory can decide
error_terms          that the term of an O(...) is positive
asymptotics          verdicts on O(...) and ~
directions           in which direction of the input a verdict stands
tolerances           by how much both sides of a drawn equation may differ
sampled              statistics measured on drawn networks
by_drawing           verdicts from drawn networks
mutants              nearby false variants of a claim
matrix_claims        verdicts on expectations of matrix products
closed_claims        verdicts on closed forms, which speak of no network
checked              what a check found, as text and as JSON
sharpness            how sharp a check is: those variants on the same evidence
checking             all of this together: check()
saving               a claim as a statement, in source code
batch                files of claims
===================  =========================================================================
"""
