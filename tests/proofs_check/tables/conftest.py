"""What TeX typesets needs TeX: where it is missing, those tests are not collected."""

import shutil

collect_ignore_glob = [] if shutil.which("pdflatex") else ["test_tex_*.py"]
