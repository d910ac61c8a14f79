{# Whether the options of pending_records() make sense, or one error that names every fault. #}
{% macro check_records(mart, options) -%}
    {%- set faults = braze_bridge.faults_of_collection(options) -%}
    {%- if not faults -%}
        {%- do faults.extend(braze_bridge.faults_of_record_columns(mart, options)) -%}
        {%- do faults.extend(braze_bridge.faults_of_personal(mart, options)) -%}
    {%- endif -%}
    {%- if faults -%}
        {{- exceptions.raise_compiler_error('pending_records: ' ~ faults | join('; ')) -}}
    {%- endif -%}
{%- endmacro %}


{# Values of the wrong form; the checks of columns count on these. #}
{% macro faults_of_collection(options) -%}
    {%- set faults = [] -%}
    {%- if not modules.re.match('[A-Za-z0-9]{1,64}$', options.collection ~ '') -%}
        {%- do faults.append(
            "collection '" ~ options.collection ~ "' is not of letters and digits, up to 64"
        ) -%}
    {%- endif -%}
    {%- if options.on_removed not in ['delete', 'keep', 'tombstone'] -%}
        {%- do faults.append(
            "on_removed '" ~ options.on_removed ~ "' is none of delete, keep, tombstone"
        ) -%}
    {%- endif -%}
    {%- for name in ['columns', 'personal'] -%}
        {%- if options[name] is string or options[name] is mapping
            or options[name] is not iterable -%}
            {%- do faults.append(name ~ " is a list of columns: ['email']") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not options.columns -%}
        {%- do faults.append('columns is empty: name the columns that may leave') -%}
    {%- endif -%}
    {%- if options.missing is not none and options.missing is not mapping -%}
        {%- do faults.append(
            "missing is none or the members of a default record: {'items': []}"
        ) -%}
    {%- endif -%}
    {%- if options.on_removed == 'keep' and options.indexes is mapping -%}
        {%- for name, index in options.indexes.items()
            if index is mapping and 'order' not in index -%}
            {%- do faults.append(
                'index ' ~ name ~ ": what is kept would hold its value for ever: give the"
                ~ " index an order, or on_removed='delete'"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if options.cache_seconds is not integer or options.cache_seconds is boolean
        or options.cache_seconds < 0 or options.cache_seconds > 86400 -%}
        {%- do faults.append(
            "cache_seconds '" ~ options.cache_seconds ~ "' is no number from 0 to 86400"
        ) -%}
    {%- endif -%}
    {%- if options.indexes is not mapping -%}
        {%- do faults.append(
            "indexes names options for each column: {'email': {}, 'city': {'order': ['rank']}}"
        ) -%}
    {%- else -%}
        {%- for name, index in options.indexes.items() -%}
            {%- do faults.extend(braze_bridge.faults_of_index(name, index, options.key)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if not modules.re.match(braze_bridge.index_name_pattern(), options.key ~ '') -%}
        {%- do faults.append(
            "key '" ~ options.key ~ "' is not a letter or _, then letters, digits and _"
        ) -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro %}


{# What the address of a record can name. #}
{% macro index_name_pattern() -%}
    {{- return('[A-Za-z_][A-Za-z0-9_]{0,63}$') -}}
{%- endmacro %}


{% macro faults_of_index(name, index, key) -%}
    {%- set faults = [] -%}
    {%- set at = 'index ' ~ name ~ ': ' -%}
    {%- if not modules.re.match(braze_bridge.index_name_pattern(), name ~ '') -%}
        {%- do faults.append(
            "index '" ~ name ~ "' is not a letter or _, then letters, digits and _"
        ) -%}
    {%- endif -%}
    {%- if name == key -%}
        {%- do faults.append(at ~ 'the key is an index without being named') -%}
    {%- endif -%}
    {%- if index is not mapping -%}
        {%- do faults.append(at ~ "its options are {} or {'order': ['rank'], 'most': 20}") -%}
        {{- return(faults) -}}
    {%- endif -%}
    {%- for option in index if option not in ['order', 'most'] -%}
        {%- do faults.append(at ~ "'" ~ option ~ "' is none of order, most") -%}
    {%- endfor -%}
    {%- if 'order' in index and (
        index.order is string or index.order is mapping or index.order is not iterable
        or not index.order
    ) -%}
        {%- do faults.append(at ~ "order is a list of columns: ['rank', 'score desc']") -%}
    {%- elif 'order' in index -%}
        {%- for order in index.order if order is not string
            or ' ' in braze_bridge.ordered_column(order) -%}
            {%- do faults.append(
                at ~ "order '" ~ order ~ "' is not like 'score', 'score asc' or 'score desc'"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if 'most' in index and 'order' not in index -%}
        {%- do faults.append(at ~ 'most is for a list, which has an order') -%}
    {%- elif 'most' in index and (
        index.most is not integer or index.most is boolean or index.most < 1
        or index.most > 1000
    ) -%}
        {%- do faults.append(at ~ "most '" ~ index.most ~ "' is no number from 1 to 1000") -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro %}


{# Columns that the mart has not, that are spelled in two ways, or whose names are the
   delta's. The mart is looked at as check_attribute_options does it; a select cannot be. #}
{% macro faults_of_record_columns(mart, options) -%}
    {%- set faults = [] -%}
    {%- set built = [] if mart is string else braze_bridge.columns_when_built(mart) -%}
    {%- set known = built | map('lower') | list -%}
    {%- set spellings = {} -%}
    {%- for name in braze_bridge.columns_of_records(
        options.key, options.columns, options.indexes, options.user
    ) -%}
        {%- if name is not string or modules.re.search('["\'\\\\]', name) -%}
            {%- do faults.append("'" ~ name ~ "' cannot name a column") -%}
        {%- elif modules.re.match(
            '_(null|text|place|shares)_|_(definition|key|user|entries|record|text|problem)$',
            name | lower
        ) or name | lower in braze_bridge.reserved_names() -%}
            {%- do faults.append(name ~ ' is a name of ours, rename the column') -%}
        {%- elif known and name | lower not in known -%}
            {%- do faults.append(
                mart ~ ' has no column ' ~ name ~ ', it has ' ~ built | join(', ')
            ) -%}
        {%- elif name | lower in spellings -%}
            {%- do faults.append(
                name ~ ' and ' ~ spellings[name | lower] ~ ' are one column: spell it one way'
            ) -%}
        {%- endif -%}
        {%- do spellings.update({name | lower: name}) -%}
    {%- endfor -%}
    {%- if options.columns | unique(case_sensitive=true) | list | length
        < options.columns | length -%}
        {%- do faults.append('columns: one of them stands twice') -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro %}


{# Columns that name a person and leave without a word in `personal`. Not in unit tests,
   which cannot see what the mart's YAML says of a column. #}
{% macro faults_of_personal(mart, options) -%}
    {%- set faults = [] -%}
    {%- for name in options.personal if name not in options.columns -%}
        {%- do faults.append('personal: ' ~ name ~ ' is not among columns') -%}
    {%- endfor -%}
    {%- if not (execute and graph.get('nodes')) -%}
        {{- return(faults) -}}
    {%- endif -%}
    {%- set tags = braze_bridge.personal_tags(mart) -%}
    {%- for name in options.columns if name not in options.personal -%}
        {%- set is_named = name | lower | replace('_', '') in braze_bridge.personal_names() -%}
        {%- if tags.get(name | lower, is_named) -%}
            {%- do faults.append(
                name ~ ' is personal' ~ (' by its name' if name | lower not in tags else '')
                ~ ": leave it out of columns, or name it in personal=['" ~ name ~ "']"
                ~ (
                    ', or tag it with meta: {personal: false} in the YAML of the mart'
                    if name | lower not in tags else ''
                )
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro %}


{# Without underscores and in lower case. #}
{% macro personal_names() -%}
    {{- return([
        'address', 'addressline1', 'addressline2', 'birthdate', 'birthday', 'birthname',
        'dateofbirth', 'dob', 'email', 'emailaddress', 'familyname', 'firstname', 'fullname',
        'givenname', 'homeaddress', 'iban', 'ip', 'ipaddress', 'lastname', 'mail',
        'maidenname', 'middlename', 'mobile', 'mobilenumber', 'mobilephone', 'name', 'phone',
        'phonenumber', 'postalcode', 'postcode', 'socialsecuritynumber', 'ssn', 'street',
        'streetaddress', 'surname', 'telephone', 'username', 'zip', 'zipcode',
    ]) -}}
{%- endmacro %}


{# Column -> whether it is personal, where the mart's YAML says so: `personal`, or the `pii`
   that masks values in what the runner prints. #}
{% macro personal_tags(mart) -%}
    {%- set tags = {} -%}
    {%- set nodes = (graph.get('nodes') or {}).values() | list
        + (graph.get('sources') or {}).values() | list -%}
    {%- for node in nodes if node.get('relation_name') and node.relation_name == mart ~ '' -%}
        {%- for name, column in (node.get('columns') or {}).items() -%}
            {%- set meta = dict(
                column.get('meta') or {}, **((column.get('config') or {}).get('meta') or {})
            ) -%}
            {%- if 'personal' in meta or 'pii' in meta -%}
                {%- do tags.update({
                    name | lower: (meta.get('personal') or meta.get('pii') or false) is true
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(tags) -}}
{%- endmacro %}
