"""A walk is no relation but a state carried from interaction to interaction: pipelines/journeys/walk.py."""

ORDER = "entity_id, journey_no, occurred_at, priority, sequence nulls last, slot, interaction_id"


def model(dbt, session):
    """Instances and stage visits as the walk finds them; the interactions are streamed in order, so any number fits."""
    from pipelines.journeys.walk_stream import PIECE, walk_stream

    dbt.config(materialized="customer_table", is_streamed=True, is_loose=True)
    replayed = dbt.ref("int_journey_build__planned").select("replays").fetchall()[0][0]
    journeys = dbt.source("control", "journeys").select("journey_no", "journey_key", "rules").fetchall()
    rules = {number: text for number, key, text in journeys if replayed in (None, key)}
    matched = dbt.ref("int_journey_interactions__matched")
    if replayed:
        matched = matched.filter(f"journey_no in ({', '.join(map(str, rules))})")
    matched = matched.order(ORDER)
    reading = session.cursor()  # what is read while the model is written needs a connection of its own
    reading.execute("set arrow_lossless_conversion = true")
    return walk_stream(reading.sql(matched.sql_query()).to_arrow_reader(PIECE), rules)
