select * from {{ ref('int_id_redirects__logged') }}
