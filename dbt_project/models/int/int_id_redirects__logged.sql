select
    old_id,
    new_id,
    regexp_extract(cause, '^[a-z_]+', 0) as cause_rule,
    e.at as happened_at
from {{ source('identity', 'id_redirects') }} as e
