"""Real files, counted to the row against what the files hold."""

from __future__ import annotations

import shutil

import pytest
from support.ingest_home import column

SUFFIXED = {"delimiter": "+|", "rowSuffix": "&|", "header": False, "quote": "", "escape": ""}
KEY = {"primaryKey": True, "required": True}
MODIFIED = column("modified", "timestamp", required=True, logicalTypeOptions={"format": "yyyy-MM-dd HH:mm:ss.SSS"})
FILES = {
    "cust_info.csv": (
        [column("cst_id", "integer", **KEY), column("cst_key"), column("cst_create_date", "date")],
        {},
        18490,
        4,
    ),
    "Customer.csv": (
        [
            column("id", "integer", **KEY),
            column("person", "integer"),
            column("store", "integer"),
            column("territory", "integer"),
        ]
        + [column("account", required=True), column("guid"), MODIFIED],
        {"delimiter": "\t", "header": False, "quote": "", "escape": ""},
        19820,
        0,
    ),
    "EmailAddress.csv": (
        [
            column("person", "integer", **KEY),
            column("id", "integer", **KEY),
            column("email", required=True),
            column("guid"),
            MODIFIED,
        ],
        SUFFIXED,
        19972,
        0,
    ),
    "PersonPhone.csv": (
        [column("person", "integer", **KEY), column("phone", **KEY), column("type", "integer"), MODIFIED],
        SUFFIXED,
        19972,
        0,
    ),
    "web_customers.csv": (
        [
            column("CustomerKey", "integer", **KEY),
            column("BirthDate", "date", required=True, logicalTypeOptions={"format": "M/d/yyyy"}),
        ],
        {},
        18148,
        0,
    ),
}


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_is_accounted_for_to_the_row(home, real_data, file):
    columns, options, landed, quarantined = FILES[file]
    home.declare(*columns, **options)
    shutil.copy(real_data / "adventureworks" / file, home.sources / file)
    result = home.land()
    assert (result.received, result.landed, result.quarantined) == (landed + quarantined, landed, quarantined)
    assert result.cells == 0
    assert len(home.rows("1")) == landed
    assert {rule for (rule,) in home.kept("rule_id")} == ({"cst_id.required"} if quarantined else set())
