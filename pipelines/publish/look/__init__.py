"""The look all pages for people share, and how a page is made and put in place.

Put here: style sheets of more than one page. Keep out: what a page says.
"""

from __future__ import annotations

import os
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def templates_of(package: str) -> Environment:
    """The templates of a package: whatever a company wrote is escaped, and a name nobody gave is an error."""
    return Environment(
        loader=PackageLoader(package), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def style(file: Path) -> Markup:
    """A style sheet or a script of ours, to stand in a page as it is."""
    return Markup(file.read_text(encoding="utf-8"))  # our own, not data


def shared_style(name: str) -> Markup:
    """`colours.css` or `page.css`."""
    return style(Path(__file__).parent / name)


def put_page(file: Path, text: str) -> Path:
    """Write a page whole or not at all, for every user of the machine: somebody may have it open."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o755)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(file)
    return file
