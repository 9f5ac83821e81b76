{{ config(materialized='view') }}

select * from {{ source('control', 'journey_atlas') }}
