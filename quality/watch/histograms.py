"""What is usual in histograms, as SQL: values, shapes, magnitudes, hours and lags of a day beside all days before it.

Put here: the statistics of bins; queries have the columns of sql.py's. `grid` is made first.
Keep out: counts and shares (sql.py), what goes into a bin (profile.py).
Source: population stability index (Siddiqi 2006), its chance by the tail of chi-square (Laurent and Massart 2000).
"""

from __future__ import annotations

from quality.watch.sql import BEFORE, LEARNED, LEAST_DAYS, LEAST_ROWS, LOOKBACK, TAIL, learned

BEFORE_MEASURE = BEFORE.replace("column_name", "column_name, measure")

# Every bin of a column on every day of its dataset, with what all days before counted in it.
GRID = f"""
    with bins as (select distinct dataset, column_name, measure, bin from daily where bin is not null),
    dense as (
        select b.*, d.day, coalesce(n.n, 0) as n
        from bins as b inner join days as d on d.dataset = b.dataset
        left join daily as n on n.dataset = b.dataset and n.day = d.day and n.column_name = b.column_name
            and n.measure = b.measure and n.bin = b.bin
    )
    select *, coalesce(sum(n) over (partition by dataset, column_name, measure, bin order by day
        range between interval {LOOKBACK} day preceding and interval 1 day preceding), 0) as before
    from dense
"""


def judge_distributions(measures: tuple[str, ...]) -> str:
    """Population stability index of every histogram of these measures against all days before."""
    listed = ", ".join(f"'{m}'" for m in measures)
    return f"""
        with totals as (
            select dataset, day, column_name, measure, sum(n) as n, sum(before) as before_n,
                count(*) filter (n + before > 0) as bins
            from grid where measure in ({listed}) group by all
        ),
        shares as (
            select t.dataset, t.day, t.column_name, t.measure, t.n, t.bins,
                (g.n + 0.5) / (t.n + 0.5 * t.bins) as here, (g.before + 0.5) / (t.before_n + 0.5 * t.bins) as there
            from grid as g inner join totals as t
                on t.dataset = g.dataset and t.day = g.day and t.column_name = g.column_name and t.measure = g.measure
            where g.n + g.before > 0 and t.n >= {LEAST_ROWS} and t.before_n >= {LEAST_ROWS}
        ),
        indexed as (
            select dataset, day, column_name, measure, n, bins, sum((here - there) * ln(here / there)) as psi
            from shares group by all
        ),
        compared as (
            select *, count(*) over {BEFORE_MEASURE} as past, median(psi) over {BEFORE_MEASURE} as usual,
                {learned("psi", BEFORE_MEASURE)} as learned
            from indexed
        )
        select dataset, day, column_name, psi as seen, usual, psi as effect,
            case when past >= {LEAST_DAYS} then
                greatest(0.25 + (bins + 2 * sqrt({TAIL} * bins) + 2 * {TAIL}) / n, learned) end as bound
        from compared
    """


NOVELTY = f"""
    with fresh as (
        select dataset, day, column_name, measure, sum(n) filter (before = 0) / sum(n) as share, sum(n) as n
        from grid where measure = 'value' group by all having sum(n) > 0
    ),
    dated as (select f.*, d.past from fresh as f inner join days as d on d.dataset = f.dataset and d.day = f.day),
    compared as (
        select *, {learned("if(past >= 4, share, null)")} as learned from dated
    )
    select dataset, day, column_name, share as seen, learned / {LEARNED} as usual, share as effect,
        case when past >= {LEAST_DAYS} then greatest(0.01, 4 / n, learned) end as bound
    from compared
"""

# How much likelier the day is with its clock turned by some hours; nats.
HOURS = f"""
    with hourly as (select * from grid where measure = 'hour'),
    clocks as (
        select d.dataset, d.day, d.column_name, h.hour, coalesce(g.n, 0) as n, coalesce(g.before, 0) as before
        from (select distinct dataset, day, column_name from hourly) as d
        cross join (select unnest(range(24)) as hour) as h
        left join hourly as g
            on g.dataset = d.dataset and g.day = d.day and g.column_name = d.column_name and g.bin = h.hour
    ),
    shares as (
        select *, (before + 1) / (sum(before) over (partition by dataset, day, column_name) + 24) as usual,
            sum(n) over (partition by dataset, day, column_name) as total
        from clocks
    ),
    turned as (
        select a.dataset, a.day, a.column_name, s.turn, any_value(a.total) as total,
            sum(a.n * ln(b.usual / a.usual)) as gain
        from shares as a cross join (select unnest(range(1, 24)) as turn) as s
        inner join shares as b on b.dataset = a.dataset and b.day = a.day and b.column_name = a.column_name
            and b.hour = (a.hour - s.turn + 24) % 24
        where a.total >= {LEAST_ROWS}
        group by all
    ),
    best as (
        select dataset, day, column_name, any_value(total) as total, max(gain) as gain, arg_max(turn, gain) as turn
        from turned group by all
    ),
    compared as (
        select *, count(*) over {BEFORE} as past, {learned("gain")} as learned from best
    )
    select dataset, day, column_name, (turn + 11) % 24 - 11 as seen, 0.0 as usual, gain as effect,
        case when past >= {LEAST_DAYS} then greatest(12, 0.05 * total, learned) end as bound
    from compared
"""
