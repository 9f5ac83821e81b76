"""The base models of a dataset: its landed rows with derived columns, and which of them are in force.

Put here: `base_<dataset>__versions` (keys that landed more than once) and `base_<dataset>`.
Keep out: standard terms (render_value.py and the table modules).
"""

from __future__ import annotations

from quality import render_sql as sql
from quality.contract import Column, Contract
from quality.render_transform import transform_sql
from quality.render_value import KINDS, base_name, cleaned_columns

TECHNICAL = ("_record_key", "_row", "_batch_id", "_arrived_on", "_part_seq", "_landed_at")


def render_versions(contract: Contract) -> str:
    """One row per landed row whose key landed more than once: is it the latest, when did the key first arrive.

    append: the highest cursor wins, then the latest arrival. snapshot: the latest arrival wins, then the cursor.
    Only keys are sorted, and only repeated ones.
    """
    cursor = [f"{_column_sql(contract, contract.column(contract.cursor))} desc nulls last"] if contract.cursor else []
    arrival = ["landed._arrived_on desc"]
    first = arrival + cursor if contract.load_mode == "snapshot" else cursor + arrival
    order = ", ".join([*first, "landed._part_seq desc", "landed._row desc"])
    return f"""{_landed_ctes(contract)},

repeated as (
    select _record_key, min(_arrived_on) as first_arrived_on
    from landed
    group by _record_key
    having count(*) > 1
),

final as (
    select
        landed._part_seq as part_seq,
        landed._row as row_no,
        repeated.first_arrived_on,
        row_number() over (partition by landed._record_key order by {order}) = 1 as is_latest
    from landed
    inner join repeated on repeated._record_key = landed._record_key
)

select * from final
"""


def render_base(contract: Contract) -> str:
    """One row per landed row: columns as landed, cleaned (`<name>__clean`) and derived, and whether it is in force;
    of columns with a term also their trimmed text (`<name>__text`), and what a value mapping compares (`<name>__key`).

    `_is_latest`: the row in force for its key over all landed parts. `_is_current`: in force now; a key missing
    from the latest snapshot has no current row.
    """
    computed = [f"{_column_sql(contract, c)} as {base_name(c)}" for c in contract.columns if c.transform is not None]
    cleaned = [text for c in contract.columns for text in cleaned_columns(c, _column_sql(contract, c))]
    columns = [*(sql.quote(c.name) for c in contract.landed), *TECHNICAL, *computed, *cleaned]
    latest = "coalesce(versions.is_latest, true)"
    current = latest
    if contract.load_mode == "snapshot":
        current = f"{latest} and landed._arrived_on = (select max(arrived_on) from parts)"
    return f"""{_landed_ctes(contract)},

final as (
    select
        {_lines(columns)},
        coalesce(versions.first_arrived_on, landed._arrived_on) as _first_arrived_on,
        {latest} as _is_latest,
        {current} as _is_current
    from landed
    left join {{{{ ref('base_{contract.dataset}__versions') }}}} as versions
        on versions.part_seq = landed._part_seq and versions.row_no = landed._row
)

select * from final
"""


def column_type(column: Column) -> str:
    """The SQL type of the column in the base model."""
    if column.logical_type == "number" and (column.physical_type or "").lower().startswith(("decimal", "numeric")):
        return column.physical_type
    return sql.TYPES[KINDS[column.logical_type]]


def _column_sql(contract: Contract, column: Column) -> str:
    if column.transform is None:
        return sql.quote(column.name)
    logic = f"try_cast({transform_sql(contract, column)} as {column_type(column)})"
    # A brace in a pattern must reach the engine as it is, not be read by dbt's templates.
    return f"{{% raw %}}{logic}{{% endraw %}}" if any(mark in logic for mark in ("{{", "{%", "{#")) else logic


def _landed_ctes(contract: Contract) -> str:
    # A part whose source is gone keeps the types of the contract it landed under; the engine drops a cast to the same.
    typed = [
        f"try_cast(rows_of_parts.{n} as {column_type(c)}) as {n}" for c in contract.landed for n in [sql.quote(c.name)]
    ]
    # Rows that landed again, under another contract, keep their place among the arrivals of their day.
    technical = [f"rows_of_parts.{n}" if n != "_part_seq" else f"parts.arrived_seq as {n}" for n in TECHNICAL]
    columns = [*typed, *technical]
    return f"""with parts as (
    select part_seq, arrived_seq, arrived_on
    from {{{{ source('landing_control', 'parts') }}}}
    where dataset = '{contract.dataset}' and state = 'current'
),

landed as (
    select
        {_lines(columns)}
    from {{{{ source('landing', '{contract.dataset}') }}}} as rows_of_parts
    inner join parts on parts.part_seq = rows_of_parts._part_seq
)"""


def _lines(columns: list[str]) -> str:
    return ",\n        ".join(columns)
