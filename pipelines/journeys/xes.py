"""Journey instances as an event log in XES (IEEE 1849), which process mining tools read.

Put here: how instances and visits are written down. Keep out: what they are (dbt models), the command line.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<classifier name="Stage" keys="concept:name"/>
"""


def write_xes(connection: duckdb.DuckDBPyConnection, journey_key: str, file: Path) -> int:
    """Write every instance of a journey version but void ones as a trace, and every stage visit as an event.

    A visit that ended is complete at its end, and has its beginning as `start_timestamp`; one still open has only begun
    (lifecycle `start`), at its beginning. Ids are those of the published tables, which say nothing of a customer by
    themselves. Streamed: memory does not grow with the log.

    Args:
        connection: on the published file, with schema `marts`.
        file: written beside and moved into place, so a reader never sees half a log.
    Returns:
        The number of traces.
    """
    # XML is put together by DuckDB, a text per visit: the first of an instance opens its trace, the last closes it.
    reader = connection.sql(
        f"""
        select
            case when v.visit_seq = 1 then '<trace>' || {_string("concept:name", "j.instance_id::varchar")}
                || {_string("journey", "j.journey_key")} || {_string("outcome", "j.outcome")}
                || {_string("business_model", "j.business_model")} || chr(10) else '' end
            || '<event>' || {_string("concept:name", "v.stage_id")}
            || {_string("lifecycle:transition", "case when v.exited_at is null then 'start' else 'complete' end")}
            || {_date("start_timestamp", "v.entered_at")}
            || {_date("time:timestamp", "coalesce(v.exited_at, v.entered_at)")}
            || {_string("channels", "v.channels")}
            || '<int key="interactions" value="' || v.interactions || '"/></event>'
            || case when v.visit_seq = j.visits then chr(10) || '</trace>' else '' end as line
        from marts.fct_journey_stages as v
        join marts.fct_journeys as j on v.instance_id = j.instance_id
        where j.journey_key = $journey_key and j.outcome <> 'void'
        order by j.started_at, j.instance_id, v.visit_seq
        """,
        params={"journey_key": journey_key},
    ).to_arrow_reader(10_000)
    draft = file.with_name(f".{file.name}.draft")
    traces = 0
    try:
        with draft.open("w", encoding="utf-8") as log:
            log.write(HEAD)
            for batch in reader:
                text = "\n".join(batch.column(0).to_pylist())
                traces += text.count("</trace>")
                log.write(text + "\n")
            log.write("</log>\n")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return traces


def _string(key: str, value: str) -> str:
    """SQL of a text attribute; nothing where the value is null."""
    escaped = value
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        escaped = f"replace({escaped}, '{sign}', '{entity}')"
    return f"""coalesce('<string key="{key}" value="' || {escaped} || '"/>', '')"""


def _date(key: str, value: str) -> str:
    return f"""'<date key="{key}" value="' || strftime({value}, '%Y-%m-%dT%H:%M:%S.%f+00:00') || '"/>'"""
