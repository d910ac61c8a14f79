{#
    An anonymous_id from what the site knows a visitor by (a cookie, a device, a session):
    a SHA-256 that is salted, so that nobody can guess it from an id that they know.

    The salt is MOVABLE_INK_SALT in the environment, 16 characters at least. It must never
    change: with another one every visitor is somebody new. Never hash an e-mail address:
    its owner is known, so their id is a user_id.

    The salt stands in the SQL, and a warehouse keeps the SQL of a view for whoever may see
    the view: only a table or an incremental model may call this.
#}
{% macro movable_ink_anonymous_id(column) -%}
    {#- Not before execution: whoever does not use it needs no salt. -#}
    {%- if execute and model.resource_type == 'model'
            and model.config.materialized not in ['table', 'incremental'] -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': a ' ~ model.config.materialized ~ ' would keep MOVABLE_INK_SALT '
            ~ "in its SQL. Say materialized='table'."
        ) -}}
    {%- endif -%}
    {%- set salt = env_var('MOVABLE_INK_SALT', '') if execute else 'not executed yet' -%}
    {%- if salt | length < 16 -%}
        {{- exceptions.raise_compiler_error(
            model.name ~ ': MOVABLE_INK_SALT '
            ~ ('is shorter than 16 characters' if salt else 'is not set')
            ~ '. Make one that stays, such as: openssl rand -hex 16'
        ) -}}
    {%- endif -%}
    {{- adapter.dispatch('salted_sha256', 'braze_bridge')(
        column, braze_bridge.text_literal(salt ~ ':')
    ) -}}
{%- endmacro %}

{% macro default__salted_sha256(column, salt) -%}
    sha2({{ salt }} || cast({{ column }} as varchar), 256)
{%- endmacro %}

{% macro duckdb__salted_sha256(column, salt) -%}
    sha256({{ salt }} || cast({{ column }} as varchar))
{%- endmacro %}


{# Every hash of an address that people take for an id, as email_hash. #}
{% macro email_hashes(emails) -%}
    {{- adapter.dispatch('email_hashes', 'braze_bridge')(emails) -}}
{%- endmacro %}

{% macro default__email_hashes(emails) -%}
    select cast(hashed.value as varchar) as email_hash
            from {{ emails }} as addresses,
                lateral flatten(input => array_construct(
                    {%- for address in ['addresses.email', 'lower(trim(addresses.email))'] %}
                    md5({{ address }}), sha1({{ address }}), sha2({{ address }}, 256)
                    {{- ',' if not loop.last }}
                    {%- endfor %}
                )) as hashed
            where addresses.email is not null
{%- endmacro %}

{% macro duckdb__email_hashes(emails) -%}
    select unnest([
                md5(email), sha1(email), sha256(email),
                md5(lower(trim(email))), sha1(lower(trim(email))), sha256(lower(trim(email)))
            ]) as email_hash
            from {{ emails }}
            where email is not null
{%- endmacro %}
