{#
    An audience as a boolean over audience_memberships, grouped by user: true for a member,
    false for a former one, null for who never was one, so that Braze is told nothing.
#}
{% macro audience_flag(audience_id) -%}
    max(case
        when audience_id = '{{ audience_id }}'
            then case when left_at is null then 1 else 0 end
    end) = 1
{%- endmacro %}
