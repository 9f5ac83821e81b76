"""The AdventureWorks folder itself: what it declares is right, and agrees with its files.

Put here: what can be seen without a run. Keep out: what a run makes of it (test_adventureworks.py).
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.journeys.spec import load_journeys
from pipelines.lint import lint_company
from quality.company import load_company

FOLDER = Path(__file__).resolve().parents[2] / "companies" / "adventureworks"
COMPANY = load_company(FOLDER)
WITH_HEADER = [c for c in COMPANY.contracts if c.server.read.header]
WITHOUT_HEADER = [c for c in COMPANY.contracts if not c.server.read.header]


def test_company_folder_has_no_problem():
    assert lint_company(FOLDER) == []


def test_company_declares_fourteen_files_and_two_journeys():
    assert len({c.server.location for c in COMPANY.contracts}) == len(COMPANY.contracts) == 14
    journeys = load_journeys(COMPANY.journeys_dir, COMPANY.touchpoints)
    assert [j.journey_key for j in journeys] == ["buy_online@1", "interest_to_order@1"]


def test_only_datasets_with_person_attributes_make_person_records():
    persons = {c.dataset for c in COMPANY.contracts if c.has_entity("person")}
    assert persons == {"crm_customers", "erp_birthdates", "erp_countries", "web_customers", "leads"}
    assert set(COMPANY.survivorship_priority) == persons


@pytest.mark.parametrize("contract", WITH_HEADER, ids=lambda c: c.dataset)
def test_contract_names_every_column_of_its_file(contract, real_data):
    file = Path(contract.server.resolve({"C360_DATA": str(real_data)}))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert [c.physical_name for c in contract.landed] == next(csv.reader(lines))


@pytest.mark.parametrize(
    "contract", [c for c in COMPANY.contracts if not c.server.read.header], ids=lambda c: c.dataset
)
def test_contract_lists_as_many_columns_as_a_file_without_header_has(contract, real_data):
    file = Path(contract.server.resolve({"C360_DATA": str(real_data)}))
    with file.open(encoding="utf-8") as lines:
        first = next(lines).rstrip("\n")
    assert first.count(contract.server.read.delimiter) == len(contract.landed) - 1
    assert first.endswith(contract.server.read.row_suffix)
