select
    term,
    meaning,
    type,
    unit,
    pii,
    classification,
    masking,
    synonyms,
    owner
from {{ source('control', 'definitions') }}
