"""One home never touches another, and the same sources never make another result.

Put here: two homes, two runs. Keep out: what one run makes of its sources (test_demo.py, tests/companies).
"""

from __future__ import annotations

import shutil

import pytest
from compare_homes import FILES, find_differences
from corner_shop_home import COMPANIES, hash_files, run_c360
from demo_sizes import FULL


@pytest.mark.parametrize("demo", [FULL], indirect=True)
def test_another_company_touches_nothing_of_the_first_home(demo, tmp_path, real_data):
    before = hash_files(demo.home)
    assert "published/customer360.duckdb" in before
    done = run_c360("run", "--company", COMPANIES / "adventureworks", "--home", tmp_path / "home", C360_DATA=real_data)
    assert done.returncode == 0, done.stdout[-4000:]
    assert hash_files(demo.home) == before


@pytest.mark.parametrize("demo", [FULL], indirect=True)
def test_a_second_run_changes_no_id_and_no_row(demo, tmp_path):
    for file in FILES:
        (tmp_path / file).parent.mkdir()
        shutil.copy(demo.home / file, tmp_path / file)
    done = run_c360("run", "--anyway", "--company", COMPANIES / "demo", "--home", demo.home)
    assert done.returncode == 0, done.stdout[-4000:]
    assert find_differences(tmp_path, demo.home) == {}
