"""Metrics of Great Expectations that DuckDB answers in its own way. Importing this module registers them.

Put here: types of columns, regular expressions, LIKE. Keep out: the engine (engine.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from quality.gx.engine import DuckDBEngine, type_class

Condition = sa.ColumnElement[bool]


class DuckDBColumnTypes(TableMetricProvider):
    """GX reflects tables only, and learns no type of a query's columns; DuckDB describes both."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)

    @metric_value(engine=DuckDBEngine)
    def _duckdb(cls, execution_engine, metric_domain_kwargs, **_kwargs) -> list[dict[str, Any]]:
        selectable, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        if isinstance(selectable, sa.Table):
            selectable = sa.select(sa.text("*")).select_from(selectable)
        query = selectable.compile(execution_engine.engine, compile_kwargs={"literal_binds": True})
        with execution_engine.get_connection() as connection:
            described = connection.exec_driver_sql(f"describe {query}").fetchall()
        return [{"name": name, "type": type_class(told)()} for name, told, *_ in described]


def _matches(column: sa.ColumnElement, regex: str) -> Condition:
    return sa.func.regexp_matches(column, sa.literal(regex))  # `~` of DuckDB asks for the whole text


def _like(column: sa.ColumnElement, like_pattern: str, escape: str | None) -> Condition:
    return column.like(like_pattern, escape=escape)


def _combined(conditions: Sequence[Condition], match_on: str | None) -> Condition:
    return sa.and_(*conditions) if match_on == "all" else sa.or_(*conditions)


def _register(metric: str, keys: tuple[str, ...], condition: Callable[..., Condition]) -> None:
    """Tell GX how DuckDB decides `metric`; defining the class is what registers it."""

    class _Provider(ColumnMapMetricProvider):
        condition_metric_name = metric
        condition_value_keys = keys

        @column_condition_partial(engine=DuckDBEngine)
        def _duckdb(cls, column, **kwargs):
            return condition(column, *(kwargs.get(key) for key in keys))


_register("column_values.match_regex", ("regex",), _matches)
_register("column_values.not_match_regex", ("regex",), lambda column, regex: sa.not_(_matches(column, regex)))
_register(
    "column_values.match_regex_list",
    ("regex_list", "match_on"),
    lambda column, regexes, match_on: _combined([_matches(column, r) for r in regexes], match_on),
)
_register(
    "column_values.not_match_regex_list",
    ("regex_list",),
    lambda column, regexes: sa.not_(_combined([_matches(column, r) for r in regexes], "any")),
)
_register("column_values.match_like_pattern", ("like_pattern", "escape"), _like)
_register(
    "column_values.not_match_like_pattern",
    ("like_pattern", "escape"),
    lambda column, pattern, escape: sa.not_(_like(column, pattern, escape)),
)
_register(
    "column_values.match_like_pattern_list",
    ("like_pattern_list", "match_on", "escape"),
    lambda column, patterns, match_on, escape: _combined([_like(column, p, escape) for p in patterns], match_on),
)
_register(
    "column_values.not_match_like_pattern_list",
    ("like_pattern_list", "escape"),
    lambda column, patterns, escape: sa.not_(_combined([_like(column, p, escape) for p in patterns], "any")),
)
