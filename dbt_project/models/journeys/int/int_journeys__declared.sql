{{ config(materialized='view') }}

select * from {{ source('control', 'journeys') }}
