"""The simulator: one seed gives one result, and what is planted is in the files.

Put here: tests of pipelines/simulator on 200 people. Keep out: what the pipeline makes of it (tests/integration).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import duckdb
import phonenumbers
import pytest

from pipelines.simulator import names, plan
from pipelines.simulator.journeys import JOURNEYS
from pipelines.simulator.simulate import simulate
from quality.company import load_company

COMPANY = Path(__file__).parents[2] / "companies" / "demo"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    report = simulate(folder / "sources", folder / "truth", people=200, seed=7)
    return folder, report


@pytest.fixture(scope="module")
def counts(made):
    return json.loads((made[0] / "truth" / "counts.json").read_text(encoding="utf-8"))


def ask(made, query: str) -> list[tuple]:
    """Rows of a query over the truth (`{truth}/events.parquet` …) and the sources (`{sources}/…`)."""
    with duckdb.connect() as con:
        return con.execute(query.format(truth=made[0] / "truth", sources=made[0] / "sources")).fetchall()


def digest(folder: Path) -> dict[str, str]:
    return {
        str(f.relative_to(folder)): hashlib.md5(f.read_bytes()).hexdigest() for f in folder.rglob("*") if f.is_file()
    }


def test_simulate_writes_the_same_bytes_for_the_same_seed(made, tmp_path):
    simulate(tmp_path / "sources", tmp_path / "truth", people=200, seed=7)
    assert digest(tmp_path) == digest(made[0])


def test_simulate_writes_other_people_for_another_seed(made, tmp_path):
    simulate(tmp_path / "sources", tmp_path / "truth", people=200, seed=8)
    persons = "truth/persons.parquet"
    assert digest(tmp_path)[persons] != digest(made[0])[persons]


@pytest.mark.parametrize(("people", "days"), [(99, 42), (200, 27), (200, 81)])
def test_simulate_refuses_sizes_out_of_range(tmp_path, people, days):
    with pytest.raises(ValueError, match="allowed: people from 100, days from 28 to 80"):
        simulate(tmp_path / "s", tmp_path / "t", people=people, days=days)


@pytest.mark.parametrize("interactions", [4, 101])
def test_simulate_refuses_too_few_and_too_many_interactions_of_a_person(tmp_path, interactions):
    with pytest.raises(ValueError, match="allowed: 5 to 100"):
        simulate(tmp_path / "s", tmp_path / "t", people=200, interactions=interactions)


def test_people_of_few_interactions_walk_journeys_in_proportion(tmp_path):
    few = simulate(tmp_path / "sources", tmp_path / "truth", people=1000, seed=7, interactions=10)
    assert few.interactions == 10_000
    with duckdb.connect() as con:
        walked = con.execute(f"select count(*) from '{tmp_path}/truth/journeys.parquet'").fetchall()[0][0]
    # 0.12, 0.45 and 0.20 of a person who has 32
    assert walked == pytest.approx(1000 * 0.77 * 10 / 32, abs=2)


def test_interactions_follow_the_planted_shares_within_their_tolerance(made, counts):
    assert made[1].interactions == 200 * 32
    total = sum(counts["interactions"]["use_case"].values())
    assert total == 6400
    for kind in ("use_case", "channel"):
        for name, share in counts["shares"][kind].items():
            assert counts["interactions"][kind][name] / total == pytest.approx(share, abs=0.002), name
    assert counts["interactions"]["business_model"]["b2b"] / total == pytest.approx(2.8 / 7.7, abs=0.002)
    sizes = counts["interactions"]["size_band"]
    assert sizes["enterprise"] / sum(sizes.values()) == pytest.approx(0.91, abs=0.002)
    b2b = counts["interactions"]["b2b_by_use_case"]
    assert b2b["service_efficiency"] / counts["interactions"]["use_case"]["service_efficiency"] == pytest.approx(
        0.90, abs=0.002
    )
    assert counts["channels_per_programme"] == pytest.approx(
        {
            "exploration": 3.7,
            "engagement_retention": 3.0,
            "service_efficiency": 3.0,
            "sales_personalisation": 2.6,
            "acquisition": 2.1,
        }
    )


def test_identities_have_the_planted_messes_and_no_others(made, counts):
    planted = counts["planted"]
    assert ask(
        made, "select count(*) - count(distinct (first_name, last_name, birth_date)) from '{truth}/persons.parquet'"
    ) == [(0,)]
    # 200 people: 3 % family e-mail, 1 % recycled phones, 10 % without a common identifier
    assert planted["people_with_family_email"] == 6
    assert planted["recycled_phones"] == 2
    assert planted["people_without_common_identifier"] == 20
    shared = "select count(*) from (select {c} from '{{truth}}/persons.parquet' group by {c} having count(*) > 1)"
    assert ask(made, shared.format(c="email")) == [(3,)]
    assert ask(made, shared.format(c="phone")) == [(2,)]
    typos = """
        select count(*) filter (typo <> 'nickname'), count(*) filter (typo = 'nickname'), count(*)
        from '{truth}/records.parquet'
    """
    assert ask(made, typos) == [(planted["typos"], planted["nicknames"], planted["person_records"])]
    assert planted["typos"] == round(0.05 * planted["person_records"])


def test_people_who_share_an_email_or_phone_have_other_initials(made):
    same = """
        select count(*) from '{truth}/persons.parquet' as a join '{truth}/persons.parquet' as b
        on a.person_id < b.person_id and (a.email = b.email or a.phone = b.phone) and a.first_name[1] = b.first_name[1]
    """
    assert ask(made, same) == [(0,)]


def test_people_without_common_identifier_repeat_no_contact_point_or_number(made):
    with sqlite3.connect(made[0] / "sources" / "crm" / "crm.sqlite") as crm:
        crm_rows = crm.execute("select customer_no, email, phone, login from customers").fetchall()
    with sqlite3.connect(made[0] / "sources" / "shop" / "shop.sqlite") as shop:
        shop_rows = {r[0]: r for r in shop.execute("select login, email, phone from logins").fetchall()}
    apart = dict(ask(made, "select customer_no, login from '{truth}/persons.parquet' where mess = 'no_common'"))
    compared = [(c, shop_rows[apart[c[0]]]) for c in crm_rows if apart.get(c[0])]
    assert compared
    for (_, email, phone, login), (_, shop_email, shop_phone) in compared:
        assert login is None and email != shop_email and phone[-11:] != (shop_phone or "")[-11:]


def test_late_and_repeated_events_are_as_many_as_planted(made, counts):
    planted = counts["planted"]
    assert planted["late_interactions"] == round(0.03 * 6400)
    assert planted["duplicate_events"] == round(0.02 * 6400)
    found = "select count(*) filter (is_late), count(*) filter (is_sent_twice) from '{truth}/events.parquet'"
    assert ask(made, found) == [(planted["late_interactions"], planted["duplicate_events"])]


def test_web_files_hold_every_event_copy_and_broken_row(made, counts):
    lines = """
        select count(*), count(*) filter (not json_valid(line)), count(*) filter (json_valid(line) and line like
            '%"ts":null%'),
            count(distinct case when json_valid(line) and line not like '%"id":"X%' then json_extract_string(line,
                '$.event.id') end)
        from read_csv('{sources}/web/*.gz', columns = {{'line': 'varchar'}}, delim = chr(31), quote = '', escape =
            '', header = false)
    """
    written = counts["datasets"]["web_events"]
    keys = counts["interactions"]["dataset"]["web_events"]
    assert ask(made, lines) == [(written["rows"], written["broken_lines"], written["broken_rows"], keys)]
    assert written["rows"] == keys + written["copies"] + written["broken_lines"] + written["broken_rows"]


def test_app_renames_its_event_types_half_way(made):
    first, second = "{sources}/app/app_2026-01-05.parquet", "{sources}/app/app_2026-02-15.parquet"
    assert ask(made, f"select bool_and(event_type ~ '^[A-Z][A-Za-z]+$') from '{first}'") == [(True,)]
    assert ask(made, f"select bool_and(event_type ~ '^[a-z_]+$') from '{second}'") == [(True,)]


def test_true_journeys_end_as_their_deadlines_say(made, counts):
    for journey in JOURNEYS:
        wrong = f"""
            select count(*) from '{{truth}}/journeys.parquet' where journey = '{journey.journey}' and outcome in
                ('dropped', 'in_progress')
            and (outcome = 'dropped') <> (ended_at + interval {journey.inactivity} day < timestamp '2026-02-16')
        """
        assert ask(made, wrong) == [(0,)]
    overlap = """
        select count(*) from (select started_at - lag(ended_at) over (partition by person_id, journey order by
            started_at) as gap,
            journey from '{truth}/journeys.parquet') where gap <= case journey when 'get_help' then interval 5 day
            when 'renew' then interval 14 day else interval 10 day end
    """
    assert ask(made, overlap) == [(0,)]
    assert sum(counts["journeys"]["broadband_purchase"].values()) == round(0.12 * 200)


def test_phone_numbers_are_valid(made):
    for (phone,) in ask(made, "select phone from '{truth}/persons.parquet'"):
        assert phonenumbers.is_valid_number(phonenumbers.parse(f"+49{phone}"))


def test_word_lists_are_large_and_nicknames_are_nobodys_first_name():
    first = names.list_first_names()
    assert len({n for n, _, _ in first}) == len(first) >= 400
    assert len(names.list_last_names()) >= 800
    assert not {k for _, k, _ in first if k} & {n for n, _, _ in first}


def test_company_declares_every_touchpoint_as_it_is_simulated():
    company = load_company(COMPANY)
    assert {t.touchpoint: (t.use_case, t.channel) for t in plan.TOUCHES} == {
        k: (t.use_case, t.channel) for k, t in company.touchpoints.items()
    }
    assert {t.dataset for t in plan.TOUCHES} < set(company.by_dataset)


def test_cells_sum_to_their_total():
    cells = plan.fit_cells(6400)
    assert cells.sum() == 6400
    assert plan.round_exactly(cells[0], 10).sum() == 10
    assert (plan.fit_business_cells(cells) <= cells).all()
