{#
    Protects who asked to be erased: whatever identifies the person, the request names
    them in the one form that Braze takes, and says which of several profiles is meant.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
with

pending as (

    select * from ({{ pending_deletions("(select 'b1' as braze_id)", user='braze_id') }})
    union all
    select * from (
        {{ pending_deletions(
            "(select 'A@b.c' as email, ['unidentified'] as prioritization)", user='email'
        ) }}
    )
    union all
    select * from (
        {{ pending_deletions("(select '+491' as phone)", user='phone') }}
    )
    union all
    select * from (
        {{ pending_deletions(
            "(select 'L1' as alias_name, 'card' as alias_label)", user='user_alias'
        ) }}
    )

),

expected as (

    select
        'braze_ids' as operation,
        'braze_id:b1' as user_key,
        '"b1"' as payload,
        cast(null as varchar) as problem
    union all
    select
        'email_addresses',
        'email:a@b.c',
        '{"email":"A@b.c","prioritization":["unidentified"]}',
        null
    union all
    select
        'phone_numbers',
        'phone:+491',
        null,
        'prioritization is missing: which profile, where several share the address'
    union all
    select
        'user_aliases',
        'user_alias:card:L1',
        '{"alias_name":"L1","alias_label":"card"}',
        null

)

(
    select operation, user_key, payload, problem from pending
    except
    select operation, user_key, payload, problem from expected
)
union all
(
    select operation, user_key, payload, problem from expected
    except
    select operation, user_key, payload, problem from pending
)
