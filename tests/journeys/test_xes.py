"""The event log of a journey is XML that holds every instance, visit by visit, and nothing of its customer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pytest
from random_journeys import START, draw_interactions, draw_journey
from typer.testing import CliRunner
from warehouse import JourneyWarehouse

from pipelines.cli import app
from pipelines.journeys.xes import write_xes
from pipelines.terminal import console


@pytest.fixture(scope="module")
def walked(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    rng = np.random.default_rng(11)
    folder = tmp_path_factory.mktemp("declared")
    journeys = [draw_journey(rng, number, folder) for number in range(4)]
    interactions = draw_interactions(rng, 200)
    interactions = interactions.set_column(
        interactions.schema.get_field_index("channel"),
        "channel",
        [["a&b" if n % 3 else "<c>" for n in range(len(interactions))]],
    )
    warehouse.load(journeys, interactions, START.replace(day=5))
    assert warehouse.build("dim_journeys", "fct_journeys", "fct_journey_stages", command="run") == []
    return warehouse


def _write(walked: JourneyWarehouse, file: Path, journey_key: str) -> int:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{walked.marts}' as m (read_only); use m")
        return write_xes(connection, journey_key, file)


@pytest.mark.parametrize("journey_key", ["j0@1", "j1@1", "j2@1", "j3@1"])
def test_the_log_holds_the_variants_of_the_marts(walked, tmp_path, journey_key):
    file = tmp_path / "log.xes"

    traces = _write(walked, file, journey_key)

    found = Counter(
        ">".join(event.find("string[@key='concept:name']").get("value") for event in trace.iter("event"))
        for trace in ElementTree.parse(file).getroot().iter("trace")
    )
    expected = walked.read(
        "select path, count(*) from m.marts.fct_journeys "
        f"where journey_key = '{journey_key}' and outcome <> 'void' group by 1"
    )
    assert found == dict(expected)
    assert found.total() == traces
    assert list(tmp_path.iterdir()) == [file]


def test_an_event_says_when_its_visit_began_and_ended_and_where(walked, tmp_path):
    _write(walked, tmp_path / "log.xes", "j0@1")

    told = {
        (
            trace.find("string[@key='concept:name']").get("value"), number,
            *(event.find(f"*[@key='{key}']").get("value") for key in (
                "start_timestamp", "time:timestamp", "lifecycle:transition", "channels")),
        )
        for trace in ElementTree.parse(tmp_path / "log.xes").getroot().iter("trace")
        for number, event in enumerate(trace.iter("event"), start=1)
    }  # fmt: skip
    visits = walked.read("""
        select instance_id, visit_seq, entered_at, coalesce(exited_at, entered_at), exited_at is null, channels
        from m.marts.fct_journey_stages where journey_key = 'j0@1'""")
    assert told == {
        (
            str(instance), seq, f"{entered:%Y-%m-%dT%H:%M:%S.%f+00:00}", f"{ended:%Y-%m-%dT%H:%M:%S.%f+00:00}",
            "start" if is_open else "complete", channels,
        )
        for instance, seq, entered, ended, is_open, channels in visits
    }  # fmt: skip
    assert {"start", "complete"} == {row[4] for row in told}
    assert any("&" in row[5] for row in told) and any("<" in row[5] for row in told)


def test_the_log_names_no_customer(walked, tmp_path):
    _write(walked, tmp_path / "log.xes", "j0@1")

    text = (tmp_path / "log.xes").read_text()
    customers = walked.read("select distinct customer_id from m.marts.fct_journeys where journey_key = 'j0@1'")
    assert customers and not any(str(customer) in text for (customer,) in customers)


def test_a_journey_without_instances_gives_an_empty_log(walked, tmp_path):
    assert _write(walked, tmp_path / "log.xes", "nobody@1") == 0
    assert len(list(ElementTree.parse(tmp_path / "log.xes").getroot().iter("trace"))) == 0


@pytest.fixture
def home(walked, tmp_path) -> Path:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "customer360.duckdb").write_bytes(walked.marts.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["j0", "--xes"], 0, "instances of j0@1"),
        (["j1@1", "--xes"], 0, "instances of j1@1"),
        (["j9", "--xes"], 1, "JOURNEY: no journey 'j9'; allowed: j0@1, j1@1, j2@1, j3@1"),
        (["j0"], 1, "export: no format given; allowed: --xes"),
    ],
)
def test_c360_journey_export_takes_an_id_or_a_version(home, asked, code, said):
    journey, *options = asked
    with console.capture() as shown:
        done = CliRunner().invoke(
            app, ["journey", "export", journey, str(home / "l.xes"), *options, "--home", str(home)]
        )

    assert (done.exit_code, (home / "l.xes").exists()) == (code, code == 0)
    assert said in shown.get()
