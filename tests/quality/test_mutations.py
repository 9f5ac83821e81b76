"""Sources spoilt on purpose: each fault is caught by a check that names it, and clean days raise no alarm."""

from __future__ import annotations

import shutil

import pytest
from planted_faults import COLUMNS, FAILED, FAULTS, HELD, Fault
from support.watched_home import WatchedHome

OFTEN = [f for f in FAULTS if f.name.startswith("*")]
DATASETS = sorted({f.dataset for f in OFTEN})
CAUGHT_AT_LEAST = 0.95


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> WatchedHome:
    home = WatchedHome(tmp_path_factory.mktemp("few") / "home", 24, DATASETS).simulate(1000, 7).land(but=2)
    home.judge()
    return home


def caught(home: WatchedHome, fault: Fault, folder) -> set[str]:
    """Names of the checks that fail once `fault` is planted in a copy of `home`."""
    spoilt = home.copy(folder)
    fault.plant(spoilt.sources, spoilt.last_day)
    spoilt.land(fault.dataset)
    said = "\n".join(spoilt.said)
    checks = {r.check for r in spoilt.judge() if not r.success and r.asset == f"landing/{fault.dataset}"}
    checks |= {HELD} if ": held:" in said else set()
    checks |= {COLUMNS} if "columns the contract does not name" in said else set()
    checks |= {FAILED} if fault.told and fault.told in said else set()
    shutil.rmtree(folder)
    return checks


@pytest.mark.parametrize("fault", OFTEN, ids=lambda f: f.name[1:])
def test_a_fault_of_the_newest_day_is_caught_by_a_check_that_names_it(few, fault, tmp_path):
    assert caught(few, fault, tmp_path / "spoilt") & fault.caught_by


def test_nothing_is_said_of_clean_days(few, tmp_path):
    clean = few.copy(tmp_path / "clean").land()
    assert [r for r in clean.judge(days=30) if not r.success] == []


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> WatchedHome:
    home = WatchedHome(tmp_path_factory.mktemp("many") / "home", 42, {f.dataset for f in FAULTS})
    home.simulate(2000, 7).land(but=2).judge()
    return home


@pytest.mark.proof
def test_nearly_all_faults_are_caught(many, tmp_path, record_property):
    missed = {
        f.name: sorted(found) for f in FAULTS if not (found := caught(many, f, tmp_path / "spoilt")) & f.caught_by
    }
    share = 1 - len(missed) / len(FAULTS)
    record_property("planted_faults", len(FAULTS))
    record_property("caught_share", share)
    assert share >= CAUGHT_AT_LEAST, missed


@pytest.mark.proof
@pytest.mark.parametrize("seed", [3, 11, 23])
def test_thirty_clean_days_raise_no_alarm(tmp_path, seed):
    home = WatchedHome(tmp_path / "home", 44).simulate(1000, seed).land()
    said = home.judge(days=30)
    assert len(said) > 150
    assert [r for r in said if not r.success] == []
