"""What every command of `c360` shares: the console, the options that name a company and its home, how a fault is told.

Put here: names two files of commands must agree on. Keep out: commands.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

WIDTH = None if sys.stdout.isatty() else 110
console = Console(
    file=sys.stdout, width=WIDTH, highlight=False, soft_wrap=True
)  # this stdout, also while a run redirects it
Company = Annotated[Path | None, typer.Option("--company", help="Company folder [env C360_COMPANY, companies/demo].")]
Home = Annotated[Path | None, typer.Option("--home", help="Where its data lives [env C360_HOME, .c360/<company>].")]


def fail(fault: object) -> typer.Exit:
    """Tell a fault in red, without a traceback; raise what is returned to leave with exit code 1."""
    console.print(str(fault), markup=False, style="red")
    return typer.Exit(1)
