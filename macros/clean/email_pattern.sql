{#
    What we call an e-mail address: dot-separated words before the @ (no dot first,
    last or twice), a domain of at least two labels after it, lower case, ASCII.
#}
{% macro email_pattern() -%}
    {%- set word = "[a-z0-9!#$%&'*+/=?^_|~-]+" -%}
    {%- set label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?" -%}
    {{ return(
        word ~ "([.]" ~ word ~ ")*@(" ~ label ~ "[.])+([a-z]{2,63}|xn--[a-z0-9-]{2,59})"
    ) }}
{%- endmacro %}
