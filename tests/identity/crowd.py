"""A crowd to learn from: people of two datasets without a common identifier, one record in five with a mistake."""

from __future__ import annotations

from contextlib import closing
from functools import cache

from identity_warehouse import TERMS, Warehouse

from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.model import MatchModel
from identity.resolve import learn

FIRST = (
    "ada bruno carla dieter elsa franz greta hugo ida jonas klara lukas marta nils olga peter ronja simon tilda ulrich "
    "vera walter yvonne zeno anton berta clemens dora emil frieda"
)
LAST = (
    "abel bauer conrad dietz eberle fuchs graf huber imhof jansen keller lorenz maurer neumann otto pohl rieger schulz "
    "thoma ulmer vogt wagner zimmer adler brandt decker ernst fink geiger hahn jost krause lange moser nagel pfeiffer"
)
STREET = "amselweg birkenallee dorfplatz eichenring feldgasse gartenweg hafenstrasse inselweg"


def gather_crowd(warehouse: Warehouse, people: int = 400, part: int = 0, parts: int = 1) -> None:
    """Insert `people` people as crm:p<n> and shop:p<n>; the shop drops letters, or has no birth date.

    Args:
        part, parts: only this one of so many parts; the two records of a person are in different parts.
    """

    def draw(step: int, choices: int) -> str:
        return f"cast(md5_number_lower(n || '/{step}') % {choices} as integer)"

    def pick(words: str, step: int) -> str:
        return f"split_part('{words}', ' ', 1 + {draw(step, len(words.split()))})"

    warehouse.con.execute(
        f"""
        create or replace temp table crowd as
        select n, {pick(FIRST, 1)} as first_name, {pick(LAST, 2)} as last_name,
            date '1940-01-01' + {draw(3, 24000)} as birth_date,
            {pick(STREET, 4)} || ' ' || (1 + {draw(5, 60)}) as street,
            cast(50000 + {draw(6, 40)} as varchar) as postcode
        from range({people}) t(n)
        """
    )
    twisted = "case when n % 5 = 0 then first_name[1:2] || first_name[4:] else first_name end"
    for place, (dataset, first, born) in enumerate(
        (("crm", "first_name", "birth_date"), ("shop", twisted, "case when n % 7 <> 0 then birth_date end"))
    ):
        warehouse.con.execute(
            f"""
            insert into std.std_persons by name
            select '{dataset}' as dataset, '{dataset}:p' || n as record_id, '{dataset}:p' || n as subject_id,
                date '2024-01-01' as arrived_on, date '2024-01-01' as first_arrived_on, {first} as first_name,
                last_name, {born} as birth_date, street, postcode
            from crowd where (n + {place}) % {parts} = {part}
            """
        )


@cache
def learned_from_crowd() -> MatchModel:
    """The model of the crowd, learned once."""
    with closing(Warehouse()) as warehouse:
        gather_crowd(warehouse)
        model = learn(DuckDBEngine(warehouse.con), load_config(None, TERMS))
    assert model is not None
    return model
