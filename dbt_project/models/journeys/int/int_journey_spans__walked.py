"""A walk is no relation but a state carried from interaction to interaction: pipelines/journeys/walk.py."""

ORDER = "entity_id, journey_no, occurred_at, priority, sequence nulls last, slot, interaction_id"


def model(dbt, session):
    """Instances and stage visits as the walk finds them; the interactions are streamed in order, so any number fits."""
    from pipelines.journeys.walk_stream import PIECE, walk_stream

    dbt.config(materialized="customer_table", is_streamed=True)
    dbt.ref("int_journey_build__planned")
    rules = dict(dbt.source("control", "journeys").select("journey_no", "rules").fetchall())
    matched = dbt.ref("int_journey_interactions__matched").order(ORDER)
    reading = session.cursor()  # what is read while the model is written needs a connection of its own
    reading.execute("set arrow_lossless_conversion = true")
    return walk_stream(reading.sql(matched.sql_query()).to_arrow_reader(PIECE), rules)
