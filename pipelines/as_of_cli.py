"""`c360 identity as-of`: who a customer was on a day.

Put here: arguments, and how it is told. Keep out: how it is found (identity/as_of.py).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated

import typer

from pipelines.settings import Settings
from pipelines.terminal import Company, Home, console, fail


def as_of(
    customer: Annotated[str, typer.Argument(help="A customer id of any time: of today, or one that is gone.")],
    moment: Annotated[
        str, typer.Argument(metavar="DATE", help="A day (as the system saw it at its end, UTC) or an ISO moment.")
    ],
    company: Company = None,
    home: Home = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show record ids, e-mails and golden values: personal data.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list instead of text.")] = False,
) -> None:
    """Tell who a customer was believed to be on a day: the ids that stood then, their members and golden cells.

    What is told is what the builds up to then had found, whatever was learned since.
    """
    from identity.as_of import describe_as_of
    from pipelines.last_build import open_last_build
    from pipelines.publish.publish import PublishError

    try:
        at = _read_moment(moment)
        with open_last_build(Settings.from_env(company=company, home=home)) as engine:
            found = describe_as_of(engine, customer, at)
    except (PublishError, ValueError) as fault:
        raise fail(fault) from fault
    if found is None:
        raise fail("customer id: no build ever published it; copy it from a customer_id column")
    told = found if show_values else [_hide(customer) for customer in found]
    if as_json:
        return print(json.dumps(told, indent=1))
    for one in told:
        console.print(f"{one['customer_id']}: {one['knowledge_level']}", markup=False)
        for member in one["members"]:
            console.print(f"  {member['kind']} {member['subject_id']}", markup=False)
        for cell in one["cells"]:
            value = f" = {cell['value']}" if show_values else ""
            source = f"{cell['dataset']} {cell['record_id']}, {cell['rule']}"
            console.print(f"  {cell['attribute']}{value} from {source}", markup=False)
    if not told:
        console.print("nobody of this customer was known then")


def _read_moment(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ValueError("DATE: not a day or moment; allowed: 2026-01-31, 2026-01-31T12:00, and with a zone") from fault
    return read + timedelta(days=1, microseconds=-1) if len(text) == len("2026-01-31") else read


def _hide(customer: dict) -> dict:
    from identity.subjects import shorten

    return {
        **customer,
        "members": [{**member, "subject_id": shorten(member["subject_id"])} for member in customer["members"]],
        "cells": [
            {name: shorten(text) if name == "record_id" else text for name, text in cell.items() if name != "value"}
            for cell in customer["cells"]
        ],
    }
