select * from {{ ref('int_quarantine__counted') }}
