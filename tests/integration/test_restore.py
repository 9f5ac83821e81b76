"""A home made of a backup builds to what it was, and the drill says so: through the commands and jobs a user runs.

Put here: whole runs before and after a restore. Keep out: what a backup holds and refuses (tests/backup).
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest
from compare_homes import find_differences
from corner_shop_home import CornerShop, run_c360

from pipelines.backup.fingerprint import find_differing, fingerprint_tables
from pipelines.definitions import build_defs
from pipelines.run import prepare_home
from pipelines.settings import Settings

DRILLED = """
    select success, failing_rows, threshold from governance.check_results where asset = 'operations/restore_drill'
"""
SPLIT = "select customer_id::varchar, other_id::varchar from governance.id_events where event = 'split'"


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_restored_home_builds_to_the_same_marts_ids_and_history_and_the_drill_is_green(tmp_path, monkeypatch):
    shop, kept, key, new = CornerShop(tmp_path), tmp_path / "kept", tmp_path / "key", tmp_path / "new"
    rows = [f"C{n},A.,Lovelace,{'sisters' if n < 3 else f'c{n}'}@shop.example" for n in range(1, 7)]
    shop.put("customers_2026-01-05.csv", "\n".join(["number,first,last,email", *rows, ""]))
    (shop.company / "identity.yml").write_text("limits: {cardinality: {customer_id: null}}\n", encoding="utf-8")
    assert shop.run().returncode == 0

    before_split = datetime.now(UTC).isoformat()
    settings = Settings.from_env({"C360_BACKUPS": str(kept)}, company=shop.company, home=shop.home)
    monkeypatch.setenv("DAGSTER_HOME", "")
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        definitions = build_defs(settings)
        for job in ("backup", "restore_drill"):
            done = definitions.resolve_job_def(job).execute_in_process(instance=instance)
    [check] = done.get_asset_check_evaluations()
    assert check.passed, check.metadata["observed"]
    [drill] = done.asset_materializations_for_node("operations__restore_drill")
    assert drill.metadata["tables"].value > 40
    assert drill.metadata["recovery_time_s"].value > drill.metadata["readable_after_s"].value > 0
    assert list((shop.home / "tmp").glob("drill-*")) == [], "the scratch is gone"

    # Two sisters were one customer; a steward takes them apart, which mints, splits and restates.
    sisters = ("customers:C1", "customers:C2")
    decided = run_c360("identity", "decide", *sisters, "not-same", "--reason", "sisters", *shop.place)
    assert decided.returncode == 0, decided.stdout
    assert shop.run().returncode == 0
    assert shop.ask(DRILLED) == [(True, 0, f"0 of {drill.metadata['tables'].value} tables differ")]

    assert run_c360("backup", kept, *shop.place, "--key-to", key).returncode == 0
    made = run_c360("restore", kept, "--home", new, "--key-from", key)
    assert made.returncode == 0, made.stdout
    place = ("--company", new / "company" / "corner_shop", "--home", new)
    [sisters] = shop.ask(SPLIT)
    believed = _as_of(sisters, before_split, *shop.place)
    assert _as_of(sisters, before_split, *place) == believed, "the history is there before anything is built"
    done = run_c360("run", *place)
    assert done.returncode == 0, done.stdout[-4000:]
    assert find_differences(shop.home, new) == {}
    published = [home / "published" / "customer360.duckdb" for home in (shop.home, new)]
    assert find_differing(*map(fingerprint_tables, published)) == [], "when something landed and was known, too"
    assert _as_of(sisters, before_split, *place) == believed


def _as_of(ids: tuple[str, str], moment: str, *place: object) -> str:
    """Who these two customers were believed to be at a moment, and are now."""
    told = [run_c360("identity", "as-of", i, at, "--json", *place) for i in ids for at in (moment, "2999-01-01")]
    assert [t.returncode for t in told] == [0] * 4, told[0].stdout
    return "".join(t.stdout for t in told)
