select
    account_key,
    account_group_id,
    top_parent_key,
    is_in_cycle
from {{ source('identity', 'account_groups') }}
