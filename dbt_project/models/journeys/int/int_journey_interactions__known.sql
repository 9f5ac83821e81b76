{{ config(materialized='customer_view') }}

-- The world is judged at as_of: what happened later has not happened yet. A view of its own, because it is read twice:
-- DuckDB would write a `with` that is read twice out first, all columns of all interactions.
{% set columns = [
    'interaction_id', 'touchpoint', 'occurred_at', 'priority', 'sequence', 'slot', 'channel', 'is_online', 'assisted',
    'business_model', 'value', 'cost', 'attributes', 'order_key', 'case_key',
] | join(', ') %}

with of_entities as (
    select
        customer_id as entity_id,
        'customer' as entity,
        cast(null as {{ dbt.type_string() }}) as account_key,
        {{ columns }}
    from {{ ref('fct_interactions') }}
    where {{ c360.in_customer_range() }}
    union all
    select entity_id, 'account' as entity, account_key, {{ columns }}
    from {{ ref('int_account_interactions__keyed') }}
    where {{ c360.in_customer_range('entity_id') }}
),

final as (
    select
        i.*,
        case when i.is_online then 4 when not i.is_online then 8 else 0 end
        + case when i.assisted then 16 else 0 end
        + case when i.business_model = 'b2b' then 32 else 0 end as traits
    from of_entities as i
    where i.occurred_at <= (select max(as_of) from {{ source('control', 'run') }})
)

select * from final
