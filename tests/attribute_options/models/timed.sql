{{ config(materialized='table') }}
select 'p' as external_id, 'gold' as tier, cast('2026-01-01 00:00:00' as timestamp) as updated_at
