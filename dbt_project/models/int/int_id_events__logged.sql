select
    cast(event_id as varchar) as event_id,
    event,
    customer_id,
    other_id,
    {{ c360.cause_rule('e.cause') }} as cause_rule,
    e.at as happened_at,
    run_id
from {{ source('identity', 'id_events') }} as e
