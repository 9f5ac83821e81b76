select
    subject_token,
    customer_id,
    dataset,
    account_key,
    valid_at,
    first_arrived_on,
    arrived_on,
    landed_at
from {{ ref('int_records__resolved') }}
order by customer_id, subject_token
