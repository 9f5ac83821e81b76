"""`c360 backup` and `c360 restore`: keep what cannot be made again, and make a home out of it.

Put here: arguments, and how results are told. Keep out: work (pipelines/backup).
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from pipelines.backup.errors import BackupError
from pipelines.publish.key import KeyFault
from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail

DEFAULT = "take"
FAULTS = (BackupError, KeyFault)


class _TakeByDefault(TyperGroup):
    """`c360 backup TARGET` is `c360 backup take TARGET`."""

    def parse_args(self, ctx, args):
        known = args and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if known or not args else [DEFAULT, *args])


backup = typer.Typer(
    cls=_TakeByDefault,
    no_args_is_help=True,
    help="Keep what cannot be made again: landed and quarantined parts, the state database, the history of customers, "
    "what is published, the company's files. `c360 backup TARGET` takes one.\n\nA backup holds raw personal data. The "
    "masking key is in none: keep it apart, with `--key-to FILE`.",
)
Target = Annotated[str, typer.Argument(help="A folder, or a URL such as s3://…; one for all backups of a company.")]
Name = Annotated[str | None, typer.Option("--backup", help="Which one, by its name; default: the latest.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it; default: the user of this computer.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes to the audit log.")]


@backup.command(DEFAULT)
def take(
    target: Target,
    key_to: Annotated[
        Path | None, typer.Option("--key-to", help="New file for the masking key, for you alone; not in TARGET.")
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but so many backups, this one of them.")] = None,
    reason: Reason = "by hand",
    by: By = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Back the home up, also while it is in use. Only what TARGET does not have yet is copied."""
    from pipelines.backup.take import take_backup

    settings = Settings.from_env(company=company, home=home)
    try:
        done = take_backup(settings, target, by=by or getpass.getuser(), reason=reason, key_to=key_to, keep=keep)
    except FAULTS as fault:
        raise fail(fault) from fault
    except OSError as fault:
        raise fail(f"{target}: {fault}; backups made before are as they were") from fault
    told = f"{len(done.backup.files):,} files, {done.backup.bytes:,} bytes"
    new = f"new of it {done.copied:,} files, {done.copied_bytes:,} bytes"
    removed = f"; {done.forgotten} older backups removed" if done.forgotten else ""
    console.print(f"{done.backup.name}: {told}; {new}{removed}", markup=False)
    if key_to:
        console.print(f"{key_to}: the masking key; keep it with your secrets, not with your backups", markup=False)


@backup.command("list")
def list_backups(target: Target) -> None:
    """The backups at TARGET, oldest first."""
    from pipelines.backup.store import Store

    for name in Store(target).names():
        console.print(name, markup=False)


@backup.command()
def verify(target: Target, name: Name = None) -> None:
    """Read every file of a backup and compare it with what was written. Exits 1 where one is not whole."""
    from pipelines.backup.restore import verify as read_all

    try:
        found, damaged = read_all(target, name)
    except FAULTS as fault:
        raise fail(fault) from fault
    for path in damaged:
        console.print(f"{path}: not what was backed up, sha256 {found.files[path].sha256}", markup=False, style="red")
    told = f"{len(damaged):,} of them damaged or missing" if damaged else "all as they were written"
    console.print(f"{found.name}: {len(found.files):,} files, {found.bytes:,} bytes, {told}", markup=False)
    raise typer.Exit(1 if damaged else 0)


def restore(
    source: Annotated[str, typer.Argument(help="Where the backups are.")],
    home: Annotated[Path, typer.Option("--home", help="The new home; must be empty, or not there.")],
    name: Name = None,
    key_from: Annotated[
        Path | None, typer.Option("--key-from", help="File with the masking key, as `backup --key-to` wrote it.")
    ] = None,
    reason: Reason = "by hand",
    by: By = None,
) -> None:
    """Make a new home out of a backup. What it had published can be read at once; `c360 run` builds the rest."""
    from pipelines.backup.key_copy import check_of, key_in_use
    from pipelines.backup.restore import restore as make_home

    settings = Settings.from_env(home=home)
    try:
        key = key_from.read_bytes().strip() if key_from else None
        made = make_home(settings, source, by=by or getpass.getuser(), reason=reason, name=name, key=key)
        has_key = check_of(key_in_use(settings)) == made.backup.key_check
    except FileNotFoundError as fault:
        raise fail(f"{fault.filename}: not there") from fault
    except FAULTS as fault:
        raise fail(fault) from fault
    console.print(
        f"{made.backup.name} is in {settings.home}: all there was at {made.backup.taken_at} UTC", markup=False
    )
    if not has_key:
        console.print(
            "It has not the masking key of the backup: with the next run every token changes, and what was joined on "
            f"tokens no longer is. To keep them, first put the key into {settings.private / 'key'} (chmod 600).",
            markup=False,
            style="yellow",
        )
    console.print(f"Next: c360 run --home {settings.home} --company {made.company}", markup=False)
