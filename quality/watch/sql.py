"""What is usual in counts and shares, as SQL: each day of a dataset beside the days before it.

Every query gives one row per dataset, day and column: `seen`, what is `usual`, their difference (`effect`) and the
`bound` beyond which it is no chance; null where the history is too short to say. `daily` and `days` are made first.

Put here: the statistics of counts, shares and medians, and the bounds all share.
Keep out: histograms (histograms.py), which days are judged (judge.py), what is measured (profile.py).
Source: median and MAD (Hampel 1974).
"""

from __future__ import annotations

LOOKBACK = 100  # days of history at most
LEAST_DAYS = 8  # arrivals before a day is judged at all
LEAST_WEEKS = 2  # of arrivals before a day's rows are judged: each weekday was seen
LEAST_WEEKDAYS = 4  # same weekdays before they are compared with themselves alone
LEAST_ROWS = 10  # of a day; the bounds grow with what fewer rows would show by chance
FEW_ROWS = 10  # a day: of so few, none at all is chance (Poisson, 1 in 22,000)
SIGMA = 4.5  # Gaussian bound: one false alarm in 150,000 looks, some years of a company's columns
LEARNED = 2  # times what 19 of 20 days before kept to; so a fault does not hide the next one

BEFORE = f"(partition by dataset, column_name order by day range between interval {LOOKBACK} day preceding and \
interval 1 day preceding)"
TAIL = 12  # the same bound as an exponent, for sums of squares (Laurent and Massart 2000)
SCALE = 1.4826  # MAD of a Gaussian is its standard deviation divided by this


def learned(effect: str, over: str = BEFORE) -> str:
    """What the days before say is no fault; 0 where they say nothing."""
    return f"coalesce({LEARNED} * quantile_cont({effect}, 0.95) over {over}, 0)"


DAILY = f"""
    select p.dataset, p.arrived_on as day, p.column_name, p.measure, p.bin,
        if(p.measure = 'median', avg(p.n), sum(p.n)) as n
    from control.profiles as p
    where p.arrived_on > $last - interval {2 * LOOKBACK} day and p.arrived_on <= $last
    group by p.dataset, p.arrived_on, p.column_name, p.measure, p.bin
"""

DAYS = f"""
    with counted as (
        select dataset, arrived_on as day, sum(landed) as rows
        from control.parts
        where state = 'current' and arrived_on > $last - interval {2 * LOOKBACK} day and arrived_on <= $last
        group by dataset, arrived_on
    )
    select *, count(*) over (partition by dataset order by day range between interval {LOOKBACK} day preceding
        and interval 1 day preceding) as past
    from counted
"""


def _judge_shares(shares: str, least: float, *, upwards: bool) -> str:
    """`shares`: dataset, day, column_name, hits, n. Neither chance (Chernoff) nor the spread of days explains more."""
    effect = "share - usual" if upwards else "abs(share - usual)"
    return f"""
        with shares as ({shares}),
        compared as (
            select *, hits / n as share, count(*) over {BEFORE} as past, median(hits / n) over {BEFORE} as usual,
                {SCALE} * mad(hits / n) over {BEFORE} as spread, median(n) over {BEFORE} as usual_n,
                (sum(hits) over {BEFORE} + 0.5) / (sum(n) over {BEFORE} + 1) as pooled
            from shares where n >= {LEAST_ROWS}
        ),
        differing as (
            select *, {effect} as effect,
                -- What spreads beyond chance; chance itself is the evidence's to judge.
                sqrt(greatest(0, spread ** 2 - pooled * (1 - pooled) / usual_n)) as restless,
                n * (if(share > 0, share * ln(share / pooled), 0)
                    + if(share < 1, (1 - share) * ln((1 - share) / (1 - pooled)), 0)) as evidence
            from compared
        )
        select dataset, day, column_name, share as seen, usual, effect,
            case when past >= {LEAST_DAYS} then
                if(evidence > {TAIL}, greatest({least}, {learned("effect")}, {SIGMA} * restless), 1) end as bound
        from differing
    """


VOLUME = f"""
    with counted as (select *, dayofweek(day) as weekday, null as column_name from days),
    compared as (
        select *,
            count(*) over same as alike, median(rows) over same as alike_rows, mad(rows) over same as alike_spread,
            median(rows) over everything as all_rows, mad(rows) over everything as all_spread
        from counted
        window
            same as (partition by dataset, weekday order by day range between interval 56 day preceding
                and interval 1 day preceding),
            everything as (partition by dataset order by day range between interval 28 day preceding
                and interval 1 day preceding)
    ),
    chosen as (
        select *,
            -- While few such weekdays are known, a day may also be like any day: the nearer of the two is meant.
            if(alike >= {LEAST_WEEKDAYS} or abs(rows - alike_rows) <= abs(rows - all_rows), alike_rows, all_rows)
                as usual,
            -- Four Mondays say little about how much Mondays vary; the spread of all days is the cautious one.
            {SCALE} * if(alike >= {LEAST_DAYS}, alike_spread, greatest(coalesce(alike_spread, 0), all_spread)) as spread
        from compared
    )
    select dataset, day, column_name, rows as seen, usual, abs(rows - usual) / usual as effect,
        case when past >= {7 * LEAST_WEEKS} then
            greatest(0.3, {SIGMA} * greatest(sqrt(usual), spread) / usual) end as bound
    from chosen where usual > 0
"""

# Days a dataset that is due daily owes: those weekdays on which it came at least three times in four.
MISSING = f"""
    with firsts as (select dataset, min(day) as first_day from days where dataset in $daily group by dataset),
    due as (
        select dataset, unnest(range(first_day, $last + interval 1 day, interval 1 day))::date as day from firsts
    ),
    come as (
        select d.*, dayofweek(d.day) as weekday, null as column_name, (n.day is null)::int as missing, n.rows
        from due as d left join (
            select dataset, arrived_on as day, sum(landed) as rows from control.parts
            where state in ('current', 'held') group by all
        ) as n on n.dataset = d.dataset and n.day = d.day
    ),
    compared as (
        select *, count(*) over everything as past, avg(missing) over everything as usually,
            count(*) over same as alike, avg(missing) over same as usually_then,
            median(rows) over everything as rows_a_day
        from come
        window
            same as (partition by dataset, weekday order by day
                range between interval 56 day preceding and interval 1 day preceding),
            everything as (partition by dataset order by day
                range between interval 56 day preceding and interval 1 day preceding)
    )
    select dataset, day, column_name, missing as seen, if(alike >= 3, usually_then, usually) as usual,
        missing as effect, case when past >= {LEAST_DAYS} and rows_a_day >= {FEW_ROWS} and usual <= 0.25
            and day < $due_before then 0.5 end as bound
    from compared
"""

NULLS = _judge_shares(
    "select f.dataset, f.day, f.column_name, d.rows - f.n as hits, d.rows as n from daily as f "
    "inner join days as d on d.dataset = f.dataset and d.day = f.day where f.measure = 'filled'",
    0.05,
    upwards=False,
)

KEYS = _judge_shares(
    "select k.dataset, k.day, null as column_name, d.rows - k.n as hits, d.rows as n from daily as k "
    "inner join days as d on d.dataset = k.dataset and d.day = k.day where k.measure = 'keys'",
    0.03,
    upwards=True,
)

REFUSED = _judge_shares(
    """
    select c.dataset, d.day, c.column_name, least(coalesce(q.hits, 0), r.received) as hits, r.received as n
    from (select distinct dataset, coalesce(column_name, 'line') as column_name from control.quarantine) as c
    inner join days as d on d.dataset = c.dataset
    inner join (
        select dataset, arrived_on as day, sum(received) as received from control.parts where state = 'current'
        group by all
    ) as r on r.dataset = d.dataset and r.day = d.day
    left join (
        select dataset, arrived_on as day, coalesce(column_name, 'line') as column_name, sum(quarantined) as hits
        from control.quarantine
        where batch_id in (select content_hash from control.parts where state = 'current')
        group by all
    ) as q on q.dataset = d.dataset and q.day = d.day and q.column_name = c.column_name
    """,
    0.01,
    upwards=True,
)

REPEATED = _judge_shares(
    f"""
    with seen as (
        select s.dataset, s.arrived_on as day, p.part_seq, s.key_hash, s.row_hash,
            max(s.one_of) over (partition by s.dataset) as one_of
        from control.seen_rows as s inner join control.parts as p on p.content_hash = s.batch_id
        where s.arrived_on > $last - interval {LOOKBACK} day and s.arrived_on <= $last
    ),
    firsts as (
        select *, min(part_seq) over (partition by dataset, row_hash) as first_seq from seen where key_hash % one_of = 0
    )
    select dataset, day, null as column_name, count(*) filter (first_seq < part_seq) as hits, count(*) as n
    from firsts group by all
    """,
    0.1,
    upwards=True,
)

MEDIANS = f"""
    with logs as (
        select m.dataset, m.day, m.column_name, m.n as middle, ln(m.n) as size
        from daily as m inner join daily as f
            on f.dataset = m.dataset and f.day = m.day and f.column_name = m.column_name and f.measure = 'filled'
        where m.measure = 'median' and m.n > 0 and f.n >= {LEAST_ROWS}
    ),
    compared as (
        select *, count(*) over {BEFORE} as past, median(size) over {BEFORE} as usual, mad(size) over {BEFORE} as spread
        from logs
    ),
    differing as (select *, abs(size - usual) as effect from compared)
    select dataset, day, column_name, middle as seen, exp(usual) as usual, effect,
        case when past >= {LEAST_DAYS} then
            greatest(ln(2), {SIGMA} * {SCALE} * spread, {learned("effect")}) end as bound
    from differing
"""

# Values repeat the more the more rows there are, so the share is told as it would be of as many rows as usual.
REPEATS = f"""
    with counted as (
        select f.dataset, f.day, f.column_name, f.n, greatest(0, f.n - u.n) as repeated
        from daily as f
        inner join daily as u on u.dataset = f.dataset and u.day = f.day and u.column_name = f.column_name
        where f.measure = 'filled' and u.measure = 'distinct' and f.n > 0
    )
    select *, repeated * least(1, coalesce(median(n) over {BEFORE}, n) / n) as hits from counted
"""
REPETITION = f"from ({_judge_shares(REPEATS, 0.2, upwards=True)}) where usual <= 0.7"

# Keys of orders and cases an interaction names and nobody declares; of datasets that do not declare them themselves.
ORPHANS = _judge_shares(
    " union all ".join(
        f"""
        select i.dataset, i.arrived_on as day, '{key}' as column_name, count(*) filter (k.{key} is null) as hits,
            count(*) as n
        from m.marts.fct_interactions as i
        left join (select distinct {key} from m.marts.{mart}) as k on k.{key} = i.{key}
        where i.{key} is not null and i.arrived_on > $last - interval {LOOKBACK} day
        group by all
        """
        for key, mart in (("order_key", "fct_orders"), ("case_key", "fct_cases"))
    ),
    0.05,
    upwards=True,
)
