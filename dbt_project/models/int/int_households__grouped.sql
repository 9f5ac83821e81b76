select
    customer_id,
    household_id,
    reason
from {{ source('identity', 'households') }}
