select * from {{ ref('int_id_events__logged') }}
