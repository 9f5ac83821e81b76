"""The checks nobody has to write, by name, and the query that judges each.

Put here: names and queries. Keep out: the statistics (watch_sql.py, watch_histograms.py), the words (watch.py).
"""

from __future__ import annotations

from quality import watch_histograms, watch_sql

# Read by the queries, made in this order.
TABLES = {"daily": watch_sql.DAILY, "days": watch_sql.DAYS, "grid": watch_histograms.GRID}

# What each check is called; a contract refers to it by this name.
QUERIES = {
    "rows_are_usual_for_their_weekday": watch_sql.VOLUME,
    "every_due_day_arrived": watch_sql.MISSING,
    "null_shares_are_usual": watch_sql.NULLS,
    "refused_shares_are_usual": watch_sql.REFUSED,
    "keys_repeat_as_usual": watch_sql.KEYS,
    "rows_are_not_landed_twice": watch_sql.REPEATED,
    "values_are_as_many_as_usual": watch_sql.REPETITION,
    "values_were_seen_before": watch_histograms.NOVELTY,
    "numbers_keep_their_scale": watch_sql.MEDIANS,
    "distributions_are_usual": watch_histograms.judge_distributions(("value", "shape", "length", "magnitude", "age")),
    "hours_of_day_are_usual": watch_histograms.HOURS,
    "arrivals_are_as_late_as_usual": watch_histograms.judge_distributions(("lag",)),
}
