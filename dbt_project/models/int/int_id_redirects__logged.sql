select
    old_id,
    new_id,
    {{ c360.cause_rule('e.cause') }} as cause_rule,
    e.at as happened_at
from {{ source('identity', 'id_redirects') }} as e
