-- What journeys know of a customer or an account, as one number: another number, and they have changed. All rows of an
-- account's people count as the account's, and answers of a customer may belong to visits of the account.
with run as (
    select max(as_of) as as_of from {{ source('control', 'run') }}
),

accounts as (
    select * from {{ ref('int_account_interactions__keyed') }}
),

told as (
    select
        customer_id as entity_id,
        {{ c360.row_digest([
            'interaction_id', 'touchpoint', 'occurred_at', 'priority', 'sequence', 'slot', 'channel', 'is_online',
            'assisted', 'business_model', 'value', 'cost', 'attributes', 'order_key', 'case_key',
        ]) }} as digest
    from {{ ref('fct_interactions') }}
    where customer_id is not null and occurred_at <= (select as_of from run)
    union all
    select
        customer_id as entity_id,
        {{ c360.row_digest([
            'response_key', 'responded_at', 'metric', 'score_01', 'order_key', 'case_key', 'touchpoint',
        ]) }} as digest
    from {{ ref('fct_survey_responses') }}
    where customer_id is not null and responded_at <= (select as_of from run)
    union all
    select entity_id, null as digest
    from accounts
),

of_accounts as (
    select entity_id from accounts
    union
    select customer_id as entity_id from accounts
    where customer_id is not null
),

digested as (
    select entity_id, bit_xor(digest) as digest
    from told
    group by entity_id
),

final as (
    select d.entity_id, d.digest, o.entity_id is not null as is_of_account
    from digested as d
    left join of_accounts as o on d.entity_id = o.entity_id
)

select * from final
