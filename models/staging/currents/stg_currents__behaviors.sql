with

custom_events as (

    {{ currents_events('users.behaviors.CustomEvent', {
        'name': 'varchar', 'properties': 'varchar',
    }) | indent(4) }}

),

purchases as (

    {{ currents_events('users.behaviors.Purchase', {
        'product_id': 'varchar', 'price': 'double', 'currency': 'varchar',
        'properties': 'varchar',
    }) | indent(4) }}

),

unioned as (

    select
        id, user_id, external_user_id, name, cast(null as varchar) as product_id,
        cast(null as double) as price, cast(null as varchar) as currency, properties, time
    from custom_events
    union all
    select
        id, user_id, external_user_id, null, product_id, price, currency, properties, time
    from purchases

),

cleaned as (

    select
        ---------- ids
        id as event_id,
        user_id,
        nullif(external_user_id, '') as external_id,
        product_id,
        {# The key of the mart's row, if it was we who sent it. #}
        {{ currents_json_member('properties', 'event_id') }} as event_key,

        ---------- texts
        name,
        upper(currency) as currency,

        ---------- numerics
        {# Braze writes a float of 32 bits: 19.99 comes back as 19.989999771118164. #}
        case when abs(price) < 1e15 then cast(round(price, 2) as decimal(18, 2)) end
            as price_amount,

        ---------- JSON
        {{ currents_json('properties') }} as properties,

        ---------- timestamps
        {{ currents_moment('time') }} as occurred_at,

        ---------- what is wrong with it
        {{ currents_set_aside('time') }} as set_aside
    from unioned

)

select * from cleaned
