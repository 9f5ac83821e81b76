select
    p.dataset,
    {{ c360.mask_token('p.subject_id') }} as subject_token,
    l.customer_id,
    p.account_key,
    p.valid_at,
    p.first_arrived_on,
    p.arrived_on,
    p.landed_at
from {{ ref('std_persons') }} as p
left join {{ source('identity', 'id_lookup') }} as l
    on p.subject_id = l.subject_id
