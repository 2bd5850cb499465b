"""How ``make docs`` turns the Markdown files of this checkout into a site with an API reference.

Sphinx's source folder is the root of the checkout: README.md, docs/*.md and configs/*/README.md are the pages, so that
one relative link or image works on the site and on GitHub. The navigation is what docs/README.md, the index, links to,
in its order; the pages of the API are written to docs/api from the docstrings. A warning fails the build.
"""

import ast
import re
import sys
from pathlib import Path

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import nwd_mmdet  # noqa: E402, F401  -- before anything of mmdet

project = html_title = 'nwd_mmdet'
root_doc = 'docs/README'
include_patterns = ['*.md', 'docs/*.md', 'docs/api/*.rst', 'configs/*/README.md']
exclude_patterns = ['.*', 'build', 'data', 'dist', 'docs/_*', 'tests', 'work_dirs']  # not walked

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'sphinx.ext.viewcode']
myst_heading_anchors = 4  # as GitHub makes them: overlaps.md#which-c
autodoc_default_options = {
    'ignore-module-all': True,  # it is in alphabetical order
    'member-order': 'bysource',
    'members': True,
    'no-value': True,
    'show-inheritance': True,
}
autodoc_inherit_docstrings = False  # mmdet's are not ours to mend
autodoc_typehints_format = 'short'
napoleon_custom_sections = [('Attributes', 'params_style')]  # as a list, not as an entry for each
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
toc_object_entries_show_parents = 'hide'

# Every reference to a name of this package has to resolve; those of other packages have no page to go to.
nitpicky = True
nitpick_ignore_regex = [
    ('py:.*', r'(?!nwd_mmdet\.)[a-z]\w*\..*'),
    ('py:class', r'(nwd_mmdet\.compiled\.)?[PR]'),  # the parameters and the result of any function
]

suppress_warnings = ['myst.header']  # a level is left out above the tables of results

html_theme = 'furo'
html_copy_source = html_show_copyright = False
html_static_path = ['_static']
html_css_files = ['site.css']
templates_path = ['_templates']
html_additional_pages = {'index': 'index.html'}


def write_api_pages(app: Sphinx) -> None:
    """Write docs/api: a page for each module of the package, one for all modules of each subpackage, and an index."""
    package, folder = ROOT / 'nwd_mmdet', ROOT / 'docs/api'
    pages = {module: [module] for module in public_modules(package)}
    folders = sorted(init.parent for init in package.glob('*/**/__init__.py'))
    # Commands have help instead, which docs/commands.md lists.
    pages |= {path: public_modules(path) for path in folders if path.name != 'commands'}
    entries = [f'   {dotted(page).removeprefix("nwd_mmdet.")} <{dotted(page)}>' for page in pages]
    index = [*heading('API', '='), '.. toctree::', '   :hidden:', '', *entries, '']
    folder.mkdir(exist_ok=True)
    for stale in folder.glob('*.rst'):
        stale.unlink()
    for page, modules in pages.items():
        text = heading(f'``{dotted(page)}``', '=')
        for module in modules:
            text += heading(f'``{module.stem}``', '-') if module != page else []
            text += [f'.. automodule:: {dotted(module)}', '']
            first_line = (ast.get_docstring(ast.parse(module.read_text())) or '').partition('\n')[0]
            index += [f'* :mod:`{dotted(module)}`: {first_line}']
        (folder / f'{dotted(page)}.rst').write_text('\n'.join(text))
    (folder / 'index.rst').write_text('\n'.join(index))


def public_modules(package: Path) -> list[Path]:
    return sorted(path for path in package.glob('*.py') if not path.name.startswith('_'))


def dotted(path: Path) -> str:
    return '.'.join(path.relative_to(ROOT).with_suffix('').parts)


def heading(title: str, line: str) -> list[str]:
    return [title, line * len(title), '']


def add_navigation(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append a hidden table of contents to the index: the pages that each of its sections links to, and the API."""
    if docname == root_doc:
        sections = [section.partition('\n') for section in source[0].split('\n## ')[1:]]
        pages = {caption: re.findall(r'\[(.+?)\]\((.+?\.md)\)', text) for caption, _, text in sections}
        for caption, links in {**pages, 'Reference': [('API', 'api/index')]}.items():
            entries = [f'{title} <{page}>' for title, page in links]
            source[0] += '\n'.join(['', '```{toctree}', ':hidden:', f':caption: {caption}', '', *entries, '```', ''])


def leave_types_to_annotations(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep Napoleon from reading a type into what stands before a colon: "Returns: Shape [N, 4]: …" has none."""
    if what in ('attribute', 'data', 'property'):
        lines[:0] = ['..', '']  # an empty comment
    for i in [i for i, line in enumerate(lines) if line.strip() in ('Returns:', 'Yields:')]:
        lines[i + 1] = f':returns: {lines[i + 1].strip()}'
        lines[i] = ''


def name_array_like(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Write ArrayLike where Sphinx writes out the union that it stands for."""
    return signature and signature.replace(stringify_annotation(ArrayLike, 'smart'), '~numpy.typing.ArrayLike'), returns


def skip_tuple_fields(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out "Alias for field number 0" of named tuples: their fields stand in the signature."""
    return True if type(obj).__name__ == '_tuplegetter' else None


def setup(app: Sphinx) -> None:
    app.connect('builder-inited', write_api_pages)
    app.connect('source-read', add_navigation)
    app.connect('autodoc-process-signature', name_array_like)
    app.connect('autodoc-skip-member', skip_tuple_fields)
    app.connect('autodoc-process-docstring', leave_types_to_annotations, priority=100)  # before Napoleon
