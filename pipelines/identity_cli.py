"""`c360 identity`: what a steward sees and decides.

Put here: arguments, and how results are told. Keep out: work (stewards.py).
"""

from __future__ import annotations

import getpass
import json
from enum import StrEnum
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail

identity = typer.Typer(
    no_args_is_help=True,
    help="Decide who is who: see what the rules left open, say that two are one person or two, take it back.\n\n"
    "A decision goes before every rule, from the next build (`c360 run`) on, for as long as it is not undone. Nothing "
    "is ever overwritten: all decisions stay on record, with who, when and why. People and their e-mails or numbers "
    "are shown as the first 12 digits of a hash, which `decide` understands.",
)
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user of this computer.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON list instead of a table.")]


WIDE = 170  # ids are for copying: a narrow terminal wraps the lines and cuts nothing


class Verdict(StrEnum):
    same = "same"
    not_same = "not-same"


OUTLOOK = {  # (verdict, one customer now)
    (Verdict.same, True): "They are one customer and stay one, whatever the rules say.",
    (Verdict.same, False): "The next build (`c360 run`) makes them one customer, under the id of the older anchor. "
    "A value that would be one too many of its kind for one customer is left out and put up for review.",
    (
        Verdict.not_same,
        True,
    ): "The next build (`c360 run`) makes them two customers, each under its own anchor.",
    (Verdict.not_same, False): "They are two customers and stay two, whatever the rules say.",
}


@identity.command()
def review(
    company: Company = None,
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, help="How many pairs to list.")] = 50,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show record ids, e-mails and numbers themselves: personal data.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List pairs the last build did not dare to link, by reason, the weightiest first.

    ambiguous: others who share the value agree with one of the two only. cardinality: one customer would have too many
    values of one identifier. decision: a steward's decision stands between them. unsure: the model puts the pair
    between review and match. household: one address or contact, but another first name or birth date. chain: others
    between the two are told apart. Answer with `c360 identity decide`.
    """
    from identity.subjects import shorten

    rows, waiting = _or_exit("list_reviews", Settings.from_env(company=company, home=home), limit)
    if not show_values:
        rows = [{**row, "left": shorten(row["left"]), "right": shorten(row["right"])} for row in rows]
    if as_json:
        return print(json.dumps(rows, indent=1))
    shown = ("left_kind", "left", "right_kind", "right", "rule", "weight", "detail")
    print_table(("", "left", "", "right", "rule", "weight", "why"), [[row[name] for name in shown] for row in rows])
    console.print(f"{len(rows)} of {waiting} pairs put up for review")


@identity.command()
def decide(
    left: Annotated[str, typer.Argument(help="A record id, a customer id, or 12 digits out of `review`.")],
    right: Annotated[str, typer.Argument(help="The other one.")],
    verdict: Annotated[Verdict, typer.Argument(help="Are the two one person?")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision and in the audit log.")],
    by: By = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Say that two are one person, or two. Every build from now on obeys; what is published changes with the next one.

    A customer id stands for the record the customer is named after, its anchor. To take a wrong customer apart, name
    two of its records that are two people; everything else stays with the one that other evidence ties it to.
    """
    from identity.subjects import shorten

    settings = Settings.from_env(company=company, home=home)
    said = verdict.replace("-", "_")
    made = _or_exit("decide", settings, left, right, said, by=by or getpass.getuser(), reason=reason)
    names = " and ".join(f"{side.kind} {shorten(side.node)}" for side in (made.left, made.right))
    console.print(f"decision {made.decision_id}: {names}: {verdict}")
    console.print(OUTLOOK[verdict, made.were_one])


@identity.command()
def undo(
    decision_id: Annotated[str, typer.Argument(help="Id of a decision, or of an undoing, out of `decisions`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the undoing and in the audit log.")],
    by: By = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Take a decision back: the next build is as if it had never been made.

    An earlier decision on the same two holds again. An undoing can be undone like any decision.
    """
    settings = Settings.from_env(company=company, home=home)
    undoing = _or_exit("undo", settings, decision_id, by=by or getpass.getuser(), reason=reason)
    console.print(f"decision {decision_id} is undone by {undoing}; run `c360 run` to build without it")


@identity.command("decisions")
def list_decisions(company: Company = None, home: Home = None, as_json: Json = False) -> None:
    """List all decisions ever made, oldest first, and which of them are in effect."""
    from identity.subjects import shorten

    rows = [
        {
            "decision_id": row["decision_id"],
            "verdict": row["verdict"].replace("_", "-"),
            "state": row["state"],
            "left": shorten(row["left_subject"]),
            "right": shorten(row["right_subject"]),
            "undoes": row["undoes"],
            "decided_by": row["decided_by"],
            "decided_at": row["decided_at"].isoformat(sep=" ", timespec="minutes"),
            "reason": row["reason"],
        }
        for row in _or_exit("list_decisions", Settings.from_env(company=company, home=home))
    ]
    if as_json:
        return print(json.dumps(rows, indent=1))
    shown = ("decision_id", "verdict", "state", "left", "right", "decided_by", "decided_at", "reason")
    columns = ("decision", "verdict", "state", "left", "right", "by", "at (UTC)", "why")
    print_table(columns, [[row[name] for name in shown] for row in rows])


def _or_exit(deed: str, *arguments, **named):
    """Do it (a function of stewards.py, loaded only now); a refusal is told as such, without a traceback."""
    from pipelines import stewards

    try:
        return getattr(stewards, deed)(*arguments, **named)
    except stewards.REFUSALS as fault:
        raise fail(fault) from fault


def print_table(columns: tuple[str, ...], rows: list[list]) -> None:
    """Print rows; a narrow terminal wraps the lines and cuts nothing."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != "why", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    Console(file=console.file, width=max(console.width, WIDE)).print(table)
