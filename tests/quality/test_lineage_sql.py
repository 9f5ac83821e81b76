"""What each column of a query is made of, on SQL written by hand."""

from __future__ import annotations

import pytest

from quality.lineage.sql import ROWS, Column, LineageError, read_query

SCHEMA = {"t.orders": ["id", "customer", "amount", "day"], "t.people": ["customer", "name", "tags", "address"]}


def made_of(sql: str, column: str) -> dict[str, str]:
    return {f"{c.table}.{c.name}": how for c, how in read_query(sql, SCHEMA).columns[column].items()}


def test_a_bare_column_is_the_same_and_an_expression_is_derived():
    sql = "select id, amount * 2 as double, cast(day as varchar) || customer as both from w.t.orders"
    assert made_of(sql, "id") == {"t.orders.id": "same"}
    assert made_of(sql, "double") == {"t.orders.amount": "derived"}
    assert made_of(sql, "both") == {"t.orders.day": "derived", "t.orders.customer": "derived"}


def test_a_star_is_every_column_through_ctes_and_quoted_names():
    sql = 'with a as (select * from "w"."t"."orders"), b as (select a.*, amount > 9 as is_large from a) select * from b'
    assert made_of(sql, "customer") == {"t.orders.customer": "same"}
    assert made_of(sql, "is_large") == {"t.orders.amount": "derived"}


def test_a_union_is_made_of_both_sides_by_place():
    sql = "select id, day from t.orders union all select customer, null from t.people"
    assert made_of(sql, "id") == {"t.orders.id": "same", "t.people.customer": "same"}
    assert made_of(sql, "day") == {"t.orders.day": "same"}


def test_a_case_is_made_of_its_conditions_too():
    assert made_of("select case when day > 3 then 'late' else 'early' end as c from t.orders", "c") == {
        "t.orders.day": "derived"
    }


def test_a_window_is_made_of_what_it_sorts_and_parts_by():
    sql = "select row_number() over (partition by customer order by day) as n from t.orders"
    assert made_of(sql, "n") == {"t.orders.customer": "derived", "t.orders.day": "derived", "t.orders.*": "counted"}


def test_an_aggregate_says_so_and_keeps_saying_so():
    sql = "with s as (select customer, sum(amount) as total from t.orders group by 1) select total as x from s"
    assert made_of(sql, "x") == {"t.orders.amount": "aggregated"}
    assert made_of(sql, ROWS) == {"t.orders.customer": "same"}


def test_a_count_of_rows_is_made_of_the_rows_it_counts():
    assert made_of("select customer, count(*) as n from t.orders group by customer", "n") == {"t.orders.*": "counted"}
    assert made_of("select count(distinct customer) as n from t.orders", "n") == {"t.orders.customer": "aggregated"}


def test_a_joined_value_is_also_made_of_the_key_it_is_looked_up_by():
    sql = "select p.name, o.id from t.orders as o left join t.people as p on p.customer = o.customer"
    assert made_of(sql, "name") == {"t.people.name": "same", "t.orders.customer": "looked_up"}
    assert made_of(sql, "id") == {"t.orders.id": "same"}
    assert made_of(sql, ROWS) == {"t.orders.*": "same"}


def test_filters_and_joins_decide_which_rows_there_are_and_make_no_value():
    read = read_query("select o.id from t.orders o join t.people p using (customer) where o.day > 3", SCHEMA)
    assert set(read.columns["id"]) == {Column("t.orders", "id")}
    assert {c.name for c in read.filters} == {"customer", "day"}


def test_a_scalar_subquery_is_made_of_all_it_reads():
    sql = "select (select max(p.name) from t.people p where p.customer = o.customer) as n from t.orders o"
    assert set(made_of(sql, "n")) == {"t.people.name", "t.people.customer", "t.orders.customer"}


def test_structs_lists_and_lambdas_are_made_of_the_columns_in_them():
    assert made_of("select struct_pack(a := id, b := day) as s from t.orders", "s").keys() == {
        "t.orders.id",
        "t.orders.day",
    }
    assert made_of("select list_transform(tags, x -> x || name) as l from t.people", "l").keys() == {
        "t.people.tags",
        "t.people.name",
    }
    assert made_of("select u.tag from t.people as p, unnest(p.tags) as u(tag)", "tag").keys() == {"t.people.tags"}


def test_a_literal_is_made_of_nothing():
    assert made_of("select 'A' as word, null as nothing from t.orders", "word") == {}


def test_a_star_over_an_unknown_relation_is_refused():
    with pytest.raises(LineageError, match=r"not known.*quality/lineage/lineage.yml"):
        read_query("select * from t.unknown", SCHEMA)


def test_what_is_no_sql_is_refused():
    with pytest.raises(LineageError):
        read_query("select from where (", SCHEMA)
