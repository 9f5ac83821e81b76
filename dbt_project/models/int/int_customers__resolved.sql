select
    customer_id,
    knowledge_level,
    first_arrived_on,
    records,
    identifiers
from {{ source('identity', 'customers') }}
