"""The checks nobody has to write, by name, and the query that judges each.

Put here: names and queries. Keep out: the statistics (sql.py, histograms.py), the words (judge.py).
"""

from __future__ import annotations

from quality.watch import histograms, sql

# Read by the queries, made in this order.
TABLES = {"daily": sql.DAILY, "days": sql.DAYS, "grid": histograms.GRID}

# What each check is called; a contract refers to it by this name.
QUERIES = {
    "rows_are_usual_for_their_weekday": sql.VOLUME,
    "every_due_day_arrived": sql.MISSING,
    "null_shares_are_usual": sql.NULLS,
    "refused_shares_are_usual": sql.REFUSED,
    "keys_repeat_as_usual": sql.KEYS,
    "rows_are_not_landed_twice": sql.REPEATED,
    "values_are_as_many_as_usual": sql.REPETITION,
    "values_were_seen_before": histograms.NOVELTY,
    "numbers_keep_their_scale": sql.MEDIANS,
    "distributions_are_usual": histograms.judge_distributions(("value", "shape", "length", "magnitude", "age")),
    "hours_of_day_are_usual": histograms.HOURS,
    "arrivals_are_as_late_as_usual": histograms.judge_distributions(("lag",)),
}
