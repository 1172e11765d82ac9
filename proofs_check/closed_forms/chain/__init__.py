"""Chains of single weights.

==========  ============================================================
break_even  the curvature at which descent on two weights ends, at most
==========  ============================================================
"""

SOURCE = "S. Jastrzebski et al., arXiv:2002.09572"
"""The paper whose break-even point this is about."""
