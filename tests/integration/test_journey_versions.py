"""What a user sees who changes a journey that is published: the version stands until its number is raised.

Put here: the life of journey versions through the command. Keep out: each kind of change (tests/journeys).
"""

from __future__ import annotations

import pytest
from corner_shop_home import CornerShop, hash_files, run_c360


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_published_journey_changes_only_as_a_new_version(tmp_path):
    shop = CornerShop(tmp_path)
    file = shop.company / "journeys" / "buy.yml"
    declared = file.read_text(encoding="utf-8")
    assert shop.run().returncode == 0
    assert (shop.home / "released" / "journeys" / "buy@1.yml").read_text(encoding="utf-8") == declared
    published = hash_files(shop.home / "published")

    # A comment changes nothing, a rule does: lint and run say the same, and what is published stays.
    file.write_text(f"# as agreed\n{declared}", encoding="utf-8")
    assert run_c360("lint", *shop.place).stdout == "corner_shop: no problems\n"
    changed = declared.replace("inactivity: 5d", "inactivity: 3d")
    assert changed != declared
    file.write_text(changed, encoding="utf-8")
    fault, summary = run_c360("lint", *shop.place).stdout.splitlines()
    assert summary == "corner_shop: 1 problems"
    assert (
        "buy@1 is published and says otherwise in timeouts; a published version never changes; set version: 2" in fault
    )
    refused = shop.run()
    assert (refused.returncode, refused.stdout.splitlines()) == (1, [fault])
    assert hash_files(shop.home / "published") == published

    # With a new number it is a second version over the same history; the first one's file may stay or go.
    file.write_text(changed.replace("version: 1", "version: 2"), encoding="utf-8")
    assert run_c360("lint", *shop.place).stdout.splitlines() == [
        "buy@1 is published and has no file any more: the next run retires it",
        "corner_shop: no problems",
    ]
    (shop.company / "journeys" / "buy_1.yml").write_text(declared, encoding="utf-8")
    assert shop.run().returncode == 0
    assert shop.ask("select journey_key, is_current from marts.dim_journeys order by 1") == [
        ("buy@1", False),
        ("buy@2", True),
    ]
    assert sorted(f.name for f in (shop.home / "released" / "journeys").iterdir()) == ["buy@1.yml", "buy@2.yml"]
