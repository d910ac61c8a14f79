{# A refused row is offered to two more pushes, since a refusal may be a passing fault;
   then not before it changes, or before `runner rejected --retry`. What the wire has no
   form for is not offered again at all. #}
{% macro is_given_up() -%}
    (attempts >= 3 or status = 'not sent')
{%- endmacro %}
