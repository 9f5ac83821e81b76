"""The files of AdventureWorks as tables of text, and how the tests ask for a figure.

Put here: how the files are read without the pipeline.
Keep out: what a run made of them (conftest.py), figures (test_*.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

ZONE = "America/Los_Angeles"

# name -> (file, delimiter, has header, columns, marker at the end of a line)
RAW = {
    "crm": ("cust_info.csv", ",", True, "no account first_name last_name marital gender created", ""),
    "birthdates": ("CUST_AZ12.csv", ",", True, "code born gender", ""),
    "countries": ("LOC_A101.csv", ",", True, "code country", ""),
    "web": ("web_customers.csv", ",", True, "no p f l born m g email income c e o h", ""),
    "register": ("Customer.csv", "\t", False, "id person store territory account guid modified", ""),
    "emails": ("EmailAddress.csv", "+|", False, "person id email guid modified", "&|"),
    "lines": ("sales_details.csv", ",", True, "order_no product no ordered shipped due sales quantity price", ""),
    "reasons": ("SalesOrderHeaderSalesReason.csv", "\t", False, "order_no reason modified", ""),
    "answers": ("FactSurveyResponse.csv", "|", False, "id day no ci category si subcategory answered", ""),
}
ORDERS = """
    select order_no, min(no) as no, count(*) as lines, sum(quantity::int) as quantity,
        sum(case when price is null then sales::int else quantity::int * abs(price::int) end) as amount,
        min(try_strptime(ordered, '%Y%m%d')) filter (length(ordered) = 8) as ordered,
        min(strptime(shipped, '%Y%m%d')) as shipped
    from lines group by order_no
"""


def read_files(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a table per file; `orders` is grouped from `lines`."""
    con = duckdb.connect()
    for table, (file, delimiter, header, names, ending) in RAW.items():
        columns = dict.fromkeys(names.split(), "VARCHAR")
        quote = '"' if header else ""
        source = folder / file
        con.execute(
            f"create table {table} as select * from read_csv('{source}', auto_detect=false, columns={columns}, "
            f"delim='{delimiter}', header={header}, quote='{quote}', escape='{quote}', strict_mode=false)"
        )
        if ending:
            last = names.split()[-1]
            con.execute(f"update {table} set {last} = left({last}, length({last}) - {len(ending)})")
    con.execute(f"create table orders as {ORDERS}")
    return con


def one(con, query: str):
    return con.execute(query).fetchall()[0]


def part(con, dataset: str):
    """(received, landed, quarantined, cells) of a dataset's one part."""
    query = f"select received, landed, quarantined, cells from w.control.parts where dataset = '{dataset}'"
    return one(con, query)
