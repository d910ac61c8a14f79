{#
    The last select of an audience model: who belongs to it, and who of them is held out.

        with members as (select external_id from ... where ...)

        {{ audience('members', exclude=[ref('audience_lapsed')], holdout=10) }}

    members  the name of the CTE of those who match, with the column external_id
    include  relations whose people are added: other audiences, any model with external_id
    exclude  relations whose people are taken away, whoever included them
    holdout  per cent of the audience that is its control group (is_held_out.sql)
    salt     what draws the control group; audiences with one salt share it. By default
             the audience's id, so that each audience draws its own

    Columns: audience_id, external_id, is_held_out. A control group belongs to its audience
    all the same: who includes or excludes an audience means all of it.
#}
{% macro audience(members=none, include=[], exclude=[], holdout=0, salt=none) -%}
    {#- Every project comes by here, so an id or a label that stands twice is found here. -#}
    {%- do braze_bridge.audiences() -%}
    {%- set audience_id = braze_bridge.audience_id() -%}
    {%- set included = ([members] if members else []) + include -%}
    {%- if not included -%}
        {{- exceptions.raise_compiler_error(
            'audience ' ~ audience_id ~ ': neither members nor include is given'
        ) -}}
    {%- endif -%}
select
    '{{ audience_id }}' as audience_id,
    cast(external_id as varchar) as external_id,
    {{ braze_bridge.is_held_out('external_id', holdout, salt or audience_id) }} as is_held_out
from (
    (
        {%- for relation in included %}
        select external_id from {{ relation }}
        {%- if not loop.last %}
        union
        {%- endif %}
        {%- endfor %}
    )
    {%- for relation in exclude %}
    except
    select external_id from {{ relation }}
    {%- endfor %}
) as chosen_people
where external_id is not null
{%- endmacro %}


{# The id of the audience being built: `meta.audience.id`, or the model's name behind
   `audience_`. It is what Braze is told, so a renamed model keeps its old id in its meta. #}
{% macro audience_id() -%}
    {%- set audience = (config.get('meta') or {}).get('audience') or {} -%}
    {%- set tested = model.get('tested_node_unique_id') -%}
    {%- set name = tested.split('.')[-1] if tested else model.name -%}
    {{- return(audience.id or braze_bridge.audience_name(name)) -}}
{%- endmacro %}


{% macro audience_name(model_name) -%}
    {{- return(model_name.split('audience_', 1)[-1]) -}}
{%- endmacro %}
