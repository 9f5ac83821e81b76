select
    customer_id,
    account_key,
    records,
    is_sole
from {{ ref('int_customer_accounts__linked') }}
order by customer_id, account_key
