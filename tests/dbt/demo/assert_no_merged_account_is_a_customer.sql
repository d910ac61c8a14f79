{#
    Protects what cannot be undone: a profile that is merged away is written by no other
    mart, or the next push would bring it back beside the one that was kept.
#}
with

merged_accounts as (

    select merge_external_id from {{ ref('braze_merges') }}

),

written_profiles as (

    select external_id, 'braze_customer_attributes' as mart
    from {{ ref('braze_customer_attributes') }}
    union all
    select external_id, 'braze_user_aliases' as mart
    from {{ ref('braze_user_aliases') }}
    union all
    select external_id, 'braze_identifications' as mart
    from {{ ref('braze_identifications') }}
    union all
    select new_external_id, 'braze_external_id_renames' as mart
    from {{ ref('braze_external_id_renames') }}

)

select
    written_profiles.external_id,
    written_profiles.mart
from written_profiles
inner join merged_accounts
    on written_profiles.external_id = merged_accounts.merge_external_id
