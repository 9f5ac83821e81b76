"""`c360 identity train | explain | evaluate`: the model, and what may be asked of the last build.

Put here: arguments, and how results are told. Keep out: work (matching.py, questions.py), deciding (identity_cli.py).
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from pipelines.identity_cli import By, identity, print_table
from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail

__all__ = ["identity"]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


@identity.command()
def train(
    reason: Annotated[str, typer.Option("--reason", help="Why; goes to the audit log.")] = "trained on demand",
    by: By = None,
    company: Company = None,
    home: Home = None,
) -> None:
    """Learn anew, from the records of the last build, how much agreement says. The next build matches by it.

    The first run trains a model by itself and later ones keep it, so that the same records stay the same customers:
    train again when a source was added or the data has changed a lot.
    """
    from pipelines.matching import REFUSALS, retrain

    os.umask(0o077)  # the model holds names
    settings = Settings.from_env(company=company, home=home)
    trained = _or_exit(REFUSALS, retrain, settings, by=by or getpass.getuser(), reason=reason)
    model = trained.model
    console.print(f"model {trained.before or 'none'} → {model.fingerprint}, learned from {model.records:,} records")
    console.print(f"a pair matches from probability {model.match:.4f} and goes to review from {model.review:.4f}")
    console.print(_tell_precision(model.expected_precision, model.labels))
    same = "It is the same model: nothing changes."
    console.print(same if trained.before == model.fingerprint else "The next build (`c360 run`) matches by it.")


@identity.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="CUSTOMER|RECORD", help="Whom: an id, or 12 digits out of `review`.")],
    other: Annotated[str | None, typer.Argument(metavar="[RECORD]", help="A second one, to compare the two.")] = None,
    as_json: AsJson = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Save the model's weights of the two as a picture.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show records, identifiers and values themselves: personal data.")
    ] = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Tell why somebody is one customer, or why two records are one customer or two, in the last build.

    Of a customer: members, the edges that hold them together, what was refused and why, decisions, the record each
    golden value is from. Of two: edges, the path between them, what both carry, guards, every weight of the model.
    """
    from pipelines import questions

    settings = Settings.from_env(company=company, home=home)
    told = _or_exit(questions.REFUSALS, questions.explain, settings, name, other, values=show_values)
    if html:
        _save_picture(getattr(told, "weighing", None), html)
    if as_json:
        return print(told.as_json())
    console.print(told.as_text(), markup=False)
    if html:
        console.print(f"\n{html}: the weights as a picture, for a browser", markup=False)


@identity.command()
def evaluate(
    truth: Annotated[Path, typer.Argument(help="CSV or Parquet with the columns record (dataset:key) and person.")],
    limit: Annotated[int, typer.Option(min=1, help="How many wrong customers to list of each kind.")] = 20,
    as_json: AsJson = False,
    company: Company = None,
    home: Home = None,
) -> None:
    """Score the last build against a truth, and list the customers that hold too many people or too few."""
    from pipelines import questions

    settings = Settings.from_env(company=company, home=home)
    found, records = _or_exit(questions.REFUSALS, questions.evaluate, settings, truth, limit)
    if as_json:
        return print(json.dumps(found.as_json(), indent=1))
    scores = found.scores
    measures = {"linked pairs": scores.pairwise, "customer pairs": scores.cluster_pairs, "B-cubed": scores.b_cubed}
    rows = [[name, *(f"{part:.4f}" for part in (s.precision, s.recall, s.f1))] for name, s in measures.items()]
    print_table(("measure", "precision", "recall", "F1"), rows)
    console.print(
        f"block recall {scores.block_recall:.4f} of {scores.true_pairs:,} true pairs; "
        f"{scores.records:,} of {records:,} records of the truth are in the last build"
    )
    if found.labels:  # of a model that was trained
        console.print(_tell_precision(found.expected_precision, found.labels))
    for title, wrong in (
        ("customers of several people", found.over_merged),
        ("people of several customers", found.under_merged),
    ):
        console.print(f"\n{title}: {len(wrong) or 'none'}{' and more' if len(wrong) == limit else ''}")
        if wrong:
            print_table(tuple(name.replace("_", " ") for name in wrong[0]), [_flatten(row) for row in wrong])


def _tell_precision(expected: float | None, labels: Mapping[str, int]) -> str:
    told = "unknown" if expected is None else f"{expected:.4f}"
    heeded = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in labels.items() if count)
    return f"expected precision of the model's matches: {told}; decisions it heeds: {heeded or 'none'}"


def _flatten(row: dict) -> list:
    return [", ".join(value) if isinstance(value, list) else value for value in row.values()]


def _save_picture(weighing, file: Path) -> None:
    from identity.weigh import draw_waterfall

    if weighing is None:
        raise fail("--html: only two person records, once a model is trained, have weights to draw")
    file.touch(mode=0o600)
    file.write_text(draw_waterfall(weighing), encoding="utf-8")


def _or_exit(refusals: tuple[type[Exception], ...], deed: Callable, *arguments, **named):
    """Do it; a refusal is told as such, without a traceback."""
    try:
        return deed(*arguments, **named)
    except refusals as fault:
        raise fail(fault) from fault
