"""What every command of `c360` shares: the console, options that name a company and its home, faults told, turns taken.

Put here: names two files of commands must agree on. Keep out: commands.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.settings import Settings
from pipelines.turns import HomeBusyError, take_turn

WIDTH = None if sys.stdout.isatty() else 110
console = Console(
    file=sys.stdout, width=WIDTH, highlight=False, soft_wrap=True
)  # this stdout, also while a run redirects it
Company = Annotated[Path | None, typer.Option("--company", help="Company folder [env C360_COMPANY, companies/demo].")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait while something else writes to the home.")]
Home = Annotated[Path | None, typer.Option("--home", help="Where its data lives [env C360_HOME, .c360/<company>].")]


@contextmanager
def in_turn(settings: Settings, what: str, no_wait: bool) -> Iterator[None]:
    """Do what a command does to its home when nothing else writes to it; tell whom it waits for."""
    if not settings.home.is_dir():
        raise fail(f"{settings.home}: no such home; run `c360 run` first, or correct --home")
    try:
        with take_turn(settings.home, what, lambda line: console.print(line, markup=False), wait=not no_wait):
            yield
    except HomeBusyError as fault:
        raise fail(fault) from fault


def fail(fault: object) -> typer.Exit:
    """Tell a fault in red, without a traceback; raise what is returned to leave with exit code 1."""
    console.print(str(fault), markup=False, style="red")
    return typer.Exit(1)
