{#
    Whether the options of pending_rows() make sense, or one error that names every
    fault: a value of the wrong form, a column that the mart has not, a column that
    cannot have the option.

    The mart is looked at only while it is known to be as new as this model: `compile`
    and `docs` may run long before the mart is built again.
#}
{% macro check_attribute_options(mart, key_columns, options, changed_since=none) -%}
    {%- set faults = [] -%}
    {%- for option in ['array_columns', 'merge_columns'] -%}
        {%- if options[option] is string or options[option] is mapping -%}
            {%- do faults.append(option ~ " is a list of columns: ['audiences']") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for option, example in {
        'keyed_arrays': "{'recent_orders': 'order_id'}",
        'min_interval': "{'propensity': '7 days'}",
    }.items() if options[option] and options[option] is not mapping -%}
        {%- do faults.append(option ~ ' names a value for each column: ' ~ example) -%}
    {%- endfor -%}
    {%- if not faults -%}
        {%- do faults.extend(braze_bridge.faults_of_values(options)) -%}
        {%- set columns = braze_bridge.columns_when_built(mart) -%}
        {%- do faults.extend(braze_bridge.faults_of_mart(mart, key_columns, columns)) -%}
        {%- do faults.extend(
            braze_bridge.faults_of_columns(mart, key_columns, columns, options)
        ) -%}
        {%- if changed_since and columns and changed_since not in columns -%}
            {%- do faults.append('changed_since: ' ~ mart ~ ' has no column ' ~ changed_since) -%}
        {%- elif changed_since and braze_bridge.is_offered_model() -%}
            {%- do faults.append('changed_since is for rows that are pushed') -%}
        {%- endif -%}
    {%- endif -%}
    {%- if faults -%}
        {{- exceptions.raise_compiler_error('pending_rows: ' ~ faults | join('; ')) -}}
    {%- endif -%}
{%- endmacro %}


{% macro faults_of_values(options) -%}
    {%- set faults = [] -%}
    {%- for column, member in options.keyed_arrays.items() -%}
        {#- What Braze allows in the name of a member, and what a JSON path can hold. -#}
        {%- if member is not string or not modules.re.match('[^\\s.$"\'\\\\]+$', member) -%}
            {%- do faults.append(
                'keyed_arrays of ' ~ column ~ ": '" ~ member ~ "' cannot name a member"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column, interval in options.min_interval.items() -%}
        {%- if not modules.re.match('[1-9][0-9]* (minute|hour|day|week)s?$', interval ~ '') -%}
            {%- do faults.append(
                'min_interval of ' ~ column ~ ": '" ~ interval ~ "' is not like '7 days' or '12 hours'"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro %}


{# Names that pending_rows() adds on the way, and a mart that says nothing. #}
{% macro faults_of_mart(mart, key_columns, columns) -%}
    {%- set names = columns | map('lower') | list -%}
    {%- set faults = [] -%}
    {%- for name in names if modules.re.match(
        '_null_|_(mart_row|row_key|row_hash|is_known|is_resync)$', name
    ) -%}
        {%- do faults.append(mart ~ ': ' ~ name ~ ' is a name of ours, rename the column') -%}
    {%- endfor -%}
    {%- if names and not names | reject('in', key_columns) | list -%}
        {%- do faults.append(mart ~ ' has no column but its key: there is nothing to send') -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro %}


{% macro faults_of_columns(mart, key_columns, columns, options) -%}
    {#- Braze takes these as a whole only. -#}
    {%- set whole = ['subscription_groups', 'push_tokens', 'current_location', 'facebook', 'twitter'] -%}
    {%- set faults = [] -%}
    {%- set shaped = {} -%}
    {%- for option, names in options.items() -%}
        {%- for name in names -%}
            {%- if name is not string or modules.re.search('["\'\\\\]', name) -%}
                {%- do faults.append(option ~ ": '" ~ name ~ "' cannot name a column") -%}
            {%- elif name in key_columns -%}
                {%- do faults.append(option ~ ': ' ~ name ~ ' is the key') -%}
            {%- elif columns and name not in columns -%}
                {%- do faults.append(option ~ ': ' ~ mart ~ ' has no column ' ~ name) -%}
            {%- endif -%}
            {%- if option != 'min_interval' -%}
                {%- if name in whole -%}
                    {%- do faults.append(option ~ ': Braze takes ' ~ name ~ ' as a whole only') -%}
                {%- elif name in shaped -%}
                    {%- do faults.append(name ~ ' is in ' ~ shaped[name] ~ ' and in ' ~ option) -%}
                {%- endif -%}
                {%- do shaped.update({name: option}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro %}


{% macro columns_when_built(mart) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set names = [] -%}
        {%- for column in adapter.get_columns_in_relation(mart) -%}
            {%- do names.append(braze_bridge.attribute_name(column.name)) -%}
        {%- endfor -%}
        {{- return(names) -}}
    {%- endif -%}
    {{- return([]) -}}
{%- endmacro %}


{# What a column is called in Braze, whose names are case-sensitive. Unquoted names are upper
   case in Snowflake: one without a lower-case letter leaves in lower case, any other as it
   was quoted. #}
{% macro attribute_name(column) -%}
    {{- return(adapter.dispatch('attribute_name', 'braze_bridge')(column)) -}}
{%- endmacro %}

{% macro default__attribute_name(column) -%}
    {{- return(column) -}}
{%- endmacro %}

{% macro snowflake__attribute_name(column) -%}
    {{- return(column | lower if column == column | upper else column) -}}
{%- endmacro %}
