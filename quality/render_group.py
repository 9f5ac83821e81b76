"""One row out of many: line-grain rows of an order, versions of a person or account inside one dataset.

Put here: the SQL that picks and sums. Keep out: which tables need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def group_first(source: str, key: str, aggregates: Mapping[str, str]) -> str:
    """Per `key` the smallest record key of `source` and the aggregates, as the body of a CTE."""
    extra = "".join(f",\n        {expression} as {name}" for name, expression in aggregates.items())
    return f"""
    select
        {key},
        min(record_key) as record_key{extra}
    from {source}
    group by {key}
"""


def group_latest(source: str, key: str) -> str:
    """Per `key` the record key of the row valid last (then arrived last, then with the smallest key)."""
    return f"""
    select record_key
    from (
        select
            record_key,
            row_number() over (
                partition by {key} order by valid_at desc nulls last, arrived_on desc, record_key
            ) as place
        from {source}
    ) as ranked
    where place = 1
"""


def from_group(columns: Iterable[str], source: str, group: str, aggregates: Iterable[str]) -> dict[str, str]:
    """Column → where the joined row takes it from: an aggregate from `group`, all else from `source`."""
    grouped = set(aggregates)
    return {c: f"{group}.{c}" if c in grouped else f"{source}.{c}" for c in columns}
