"""Some of these tests run Coq: where it is missing they are not collected. The others read the text that is written."""

from proofs_check.certificates import coqc

collect_ignore_glob = [] if coqc.is_there() else ["test_coq_*.py"]
