"""A change of what is promised: breaking ones are stopped with the name of the consumer, additive ones pass."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from quality.contract import ContractError
from quality.definitions import FILE
from quality.promises.change_control import Promises, judge, list_broken_promises, promises_in, promises_now
from quality.promises.compatibility import ADDITIVE, BREAKING, WORDING
from quality.promises.consumers import ALL, Consumer, Read, consumer_faults, load_consumers
from quality.promises.output_contract import FOLDER

DEMO = Path(__file__).parents[2] / "companies/demo"
TODAY = date(2026, 12, 1)
MODEL = Consumer(
    "churn_model", "ml", "data-science", "a@example.invalid", "", (Read("fct_orders", 1, ("amount", "status")),)
)
REPORT = Consumer("sales_report", "dashboard", "sales", "b@example.invalid", "", (Read("fct_orders", 1, (ALL,)),))
CONSUMERS = [MODEL, REPORT]


@pytest.fixture
def after(tmp_path):
    """What is promised after editing one file of contracts or definitions: `after(file, pattern, replacement)`."""
    folder = tmp_path / "tables"
    shutil.copytree(FOLDER, folder)
    shutil.copy(FILE, folder / FILE.name)

    def edit(file: str, *edits: tuple[str, str], to: str | None = None) -> Promises:
        text = (folder / file).read_text()
        for pattern, replacement in edits:
            text, times = re.subn(pattern, replacement, text, count=1, flags=re.S)
            assert times == 1, pattern
        (folder / (to or file)).write_text(text)
        return promises_in(folder)

    return edit


def column(name: str, pattern: str) -> str:
    """A pattern inside the entry of one column: what stands before it is kept as group 1."""
    return rf"(  - name: {name}\n(?:    [^\n]*\n)*?    [^\n]*?){pattern}"


ORDERS = "fct_orders.odcs.yaml"
BOTH = ["churn_model", "sales_report"]
BREAKS = {
    "a column is removed": (ORDERS, r"  - name: amount\n(?:    [^\n]*\n)+", "", "removed", BOTH),
    "a column is renamed": (ORDERS, r"name: amount\n", "name: total\n", "renamed to total", BOTH),
    "a type changes": (
        ORDERS, column("amount", r"decimal\(18,2\)"), r"\1double", "was decimal(18,2), and now double", BOTH,
    ),
    "nulls are allowed": (
        ORDERS, column("resolved_by", "required: true"), r"\1required: false", "may be null now", ["sales_report"],
    ),
    "the key changes": (
        ORDERS,
        column("dataset", "required: true"),
        r"\1required: true\n    primaryKey: true\n    primaryKeyPosition: 2",
        "a row was named by order_key, and now by order_key, dataset",
        BOTH,
    ),
    "the grain changes": (ORDERS, "Description: One row per order", "Description: One row per line", "said", BOTH),
    "a meaning changes": (
        ORDERS, r"definitions/order\.amount", "definitions/order.tax", "meant order.amount, and now order.tax", BOTH,
    ),
    "a unit changes": (FILE.name, r'(    amount: \{[^\n]*)unit: [^,}]*', r"\1unit: cents", "and now in cents", BOTH),
    "a closed set is widened": (
        "definitions.yml", r"values: \[b2b, b2c\]", "values: [b2b, b2c, c2c]", "may say c2c now", ["sales_report"],
    ),
    "a classification is raised": (
        ORDERS, column("status", "internal"), r"\1restricted", "was internal, and now restricted", BOTH,
    ),
    "a reference is dropped": (
        ORDERS, r"\n    relationships: \[\{to: dim_customers[^\n]*", "", "is no longer found", ["sales_report"],
    ),
    "a promise is dropped": (ORDERS, "id: fct_orders_keeps_every_row", "id: else", "no longer promises", BOTH),
    "a promise only warns": (ORDERS, "severity: error", "severity: warning", "only warns where", BOTH),
    "freshness is weakened": (ORDERS, "value: 26, unit: h", "value: 50, unit: h", "was 26 h, and now 50 h", BOTH),
    "retention is shortened": (ORDERS, "value: 10, unit: y", "value: 2, unit: y", "was 10 y, and now 2 y", BOTH),
    "the table moves": (ORDERS, "schema: marts}", "schema: governance}", "moved from schema marts to governance", BOTH),
    "the table goes": (ORDERS, "version: 1.0.0", "version: 2.0.0", "version 1.0.0 is served no more", BOTH),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_a_breaking_change_is_stopped_with_the_names_of_the_consumers_it_breaks(after, case):
    file, pattern, replacement, said, broken = BREAKS[case]
    verdict = judge(promises_now(), after(file, (pattern, replacement)), CONSUMERS, TODAY)
    faults = [f for f in verdict.faults if f.startswith("fct_orders") and said in f]
    assert faults, verdict.faults
    assert f"it breaks {', '.join(broken)}:" in faults[0]


ADDS = {
    "a column is added": (
        r"  - name: status\n", "  - {name: extra, logicalType: string, physicalType: varchar}\n  - name: status\n",
    ),
    "nulls are refused": (column("status", "classification"), r"\1required: true\n    classification"),
    "freshness improves": ("value: 26, unit: h", "value: 2, unit: h"),
    "retention is longer": ("value: 10, unit: y", "value: 12, unit: y"),
    "a promise is added": (
        "  quality:\n",
        "  quality:\n  - {id: more, type: custom, engine: dbt, implementation: {no_rows_where: {condition: x}}}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ADDS)
def test_an_additive_change_passes_under_a_new_minor_version(after, case):
    bump = ("version: 1.0.0", "version: 1.1.0")
    unbumped = judge(promises_now(), after(ORDERS, ADDS[case]), CONSUMERS, TODAY)
    assert [c.level for c in unbumped.changes] == [ADDITIVE]
    assert unbumped.faults == ("fct_orders: more is promised under the same version 1.0.0; make it 1.1.0",)
    assert judge(promises_now(), after(ORDERS, bump), CONSUMERS, TODAY).faults == ()


def test_other_words_need_no_new_version(after):
    verdict = judge(promises_now(), after(ORDERS, ("State of the order", "How the order stands")), CONSUMERS, TODAY)
    assert ([c.level for c in verdict.changes], verdict.faults) == ([WORDING], ())


def test_a_change_nobody_reads_is_stopped_all_the_same(after):
    verdict = judge(promises_now(), after(ORDERS, (r"name: tax\n", "name: vat\n")), [MODEL], TODAY)
    assert "it breaks nobody declared: make it version 2.0.0" in verdict.faults[0]


def test_the_next_version_may_break_while_the_old_one_is_served_until_its_last_day(after):
    old = (("status: active", "status: deprecated"), ("physicalName: fct_orders", "physicalName: fct_orders_v1"))
    last_day = ("slaProperties:\n", "slaProperties:\n- {property: endOfLife, value: '2027-03-01', unit: d}\n")
    after(ORDERS, *old, last_day, to="fct_orders_v1.odcs.yaml")
    second = after(ORDERS, ("version: 1.0.0", "version: 2.0.0"), (r"  - name: amount\n(?:    [^\n]*\n)+", ""))
    verdict = judge(promises_now(), second, CONSUMERS, TODAY)
    assert verdict.faults == ()
    assert [str(m) for m in verdict.moves if m.level == BREAKING] == [
        "fct_orders.amount: removed; churn_model, sales_report must move from fct_orders@1 to @2"
    ]
    gone = Promises({k: c for k, c in second.contracts.items() if k != "fct_orders_v1"}, second.definitions)
    assert (
        "fct_orders_v1: version 1.0.0 is served no more; it breaks" in judge(second, gone, CONSUMERS, TODAY).faults[0]
    )
    assert judge(second, gone, CONSUMERS, date(2027, 3, 2)).faults == ()


def test_what_a_home_published_is_what_a_run_is_held_to(after, tmp_path):
    assert list_broken_promises(DEMO, tmp_path / "empty") == []
    after(ORDERS, (r"name: amount\n", "name: total\n"))  # released said total, this checkout says amount
    faults = list_broken_promises(DEMO, tmp_path, TODAY)
    assert [f for f in faults if f.startswith("fct_orders.total: renamed to amount; it breaks nobody declared")]


def test_consumers_read_only_what_is_promised():
    contracts = promises_now().contracts
    assert consumer_faults(load_consumers(DEMO), contracts) == []
    reads = (Read("fct_orders", 2, (ALL,)), Read("fct_orders", 1, ("totl",)))
    wrong = Consumer("x", "ml", "o", "e", "p", reads)
    assert consumer_faults([wrong], contracts) == [
        "x reads fct_orders@2, which no contract promises",
        "x reads fct_orders@1.totl, which its contract does not promise",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: {type: ml}", "x: needs exactly email, owner, purpose, reads, type"),
        ("x: {type: page, owner: o, email: e, purpose: p, reads: {}}", "x.type is 'page'; allowed: dashboard"),
        ("x: {type: ml, owner: o, email: e, purpose: p, reads: {fct_orders: '*'}}", "write table@major"),
    ],
)
def test_a_consumer_with_a_fault_is_refused(tmp_path, text, said):
    (tmp_path / "consumers.yml").write_text(text)
    with pytest.raises(ContractError, match=said):
        load_consumers(tmp_path)
