select * from {{ ref('int_definitions__declared') }}
