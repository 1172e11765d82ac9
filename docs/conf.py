"""The site: `make docs` builds it to build/site. Nothing that it shows or does asks the network for anything."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "_extensions")]

import numpydoc.xref  # noqa: E402

import montecarlo  # noqa: E402
import proofs_check  # noqa: E402
import theory  # noqa: E402

project = "vanishing-curvature"
author = "the vanishing-curvature developers"
project_copyright = "the vanishing-curvature developers; MIT license"
release = version = version_of("vanishing-curvature")
language = "en"
smartquotes = False  # w_1...w_L and a' are mathematics

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "mathml",
    "docstrings",
    "statement_pages",
    "gallery_pages",
    "api_pages",
    "outside_pages",
]
exclude_patterns = ["_extensions"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# --- pages
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]

# --- mathematics: prerendered, see _extensions/mathml.py
html_math_renderer = "mathml"

# --- reference
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_aliases = {
    name: f"{package.__name__}.{name}"
    for package in (theory, montecarlo, proofs_check)
    for name in package.__all__
    if name[0].isupper() and not name.isupper()
}
numpydoc_xref_ignore = "all"
numpydoc.xref.DEFAULT_LINKS.clear()  # links to the sites of Python and NumPy, which would have to be asked first
add_module_names = False
viewcode_line_numbers = True
python_maximum_signature_line_length = 90

# --- HTML
html_theme = "pydata_sphinx_theme"
html_title = "vanishing-curvature"
html_short_title = "vanishing-curvature"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"priority": 900})]
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "vanishing-curvature"},
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_nav_level": 1,
    "navigation_depth": 2,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
html_sidebars = {
    "index": [],
    "start": [],
    "contributing": [],
    "changelog": [],
}
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
