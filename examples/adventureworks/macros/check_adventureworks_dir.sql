{#
    Ends the run where ADVENTUREWORKS_DIR is not the folder of the shop's files. It is
    the only thing a newcomer can get wrong, and DuckDB's own report of it comes once
    for every file, and names no variable.
#}
{% macro check_adventureworks_dir() -%}
    {#- Elsewhere the source is tables that somebody has loaded. -#}
    {%- if execute and target.type == 'duckdb' -%}
        {%- if not env_var('ADVENTUREWORKS_DIR', '') -%}
            {{ exceptions.raise_compiler_error(
                'ADVENTUREWORKS_DIR is not set. Set it to the folder that holds '
                ~ 'AdventureWorks_Customers.csv and the other files.'
            ) }}
        {%- endif -%}
        {%- for name in [
            'Customers', 'Sales_*', 'Products', 'Product_Subcategories',
            'Product_Categories', 'Territories',
        ] -%}
            {%- set files = run_query(
                "select file from glob('" ~ adventureworks_file(name) ~ "')"
            ) -%}
            {%- if not files.rows -%}
                {{ exceptions.raise_compiler_error(
                    "ADVENTUREWORKS_DIR is '" ~ env_var('ADVENTUREWORKS_DIR')
                    ~ "', where no AdventureWorks_" ~ name ~ '.csv was found. Set it '
                    ~ 'to the folder of the AdventureWorks CSV files, best as an '
                    ~ 'absolute path.'
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
