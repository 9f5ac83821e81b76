select * from {{ ref('int_contracts__declared') }}
