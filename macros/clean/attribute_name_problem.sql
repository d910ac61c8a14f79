{#
    Why Braze would misunderstand a column's name, or none where it would not.
    The dictionary holds letters and digits only, so that e-mail, e_mail and
    "E Mail" are one entry.
#}
{% macro attribute_name_problem(column_name) -%}
    {%- set default_fields = {
        'externalid': 'external_id', 'brazeid': 'braze_id', 'appboyid': 'braze_id',
        'firstname': 'first_name', 'forename': 'first_name', 'givenname': 'first_name',
        'fname': 'first_name',
        'lastname': 'last_name', 'surname': 'last_name', 'familyname': 'last_name',
        'lname': 'last_name',
        'email': 'email', 'emailaddress': 'email', 'mailaddress': 'email',
        'useremail': 'email', 'customeremail': 'email',
        'phone': 'phone', 'phonenumber': 'phone', 'mobile': 'phone',
        'mobilephone': 'phone', 'mobilenumber': 'phone', 'cellphone': 'phone',
        'cell': 'phone', 'telephone': 'phone', 'telephonenumber': 'phone',
        'tel': 'phone',
        'dob': 'dob', 'birthday': 'dob', 'birthdate': 'dob', 'dateofbirth': 'dob',
        'bday': 'dob',
        'gender': 'gender', 'sex': 'gender',
        'country': 'country', 'countrycode': 'country', 'countryname': 'country',
        'homecountry': 'country',
        'homecity': 'home_city', 'city': 'home_city', 'town': 'home_city',
        'language': 'language', 'lang': 'language', 'languagecode': 'language',
        'preferredlanguage': 'language',
        'timezone': 'time_zone', 'tz': 'time_zone',
        'emailsubscribe': 'email_subscribe', 'pushsubscribe': 'push_subscribe',
        'currentlocation': 'current_location',
        'subscriptiongroups': 'subscription_groups',
        'useralias': 'user_alias',
        'dateoffirstsession': 'date_of_first_session',
        'dateoflastsession': 'date_of_last_session',
    } -%}
    {#- Snowflake folds unquoted names to capitals; the payload folds them back. -#}
    {%- set name = column_name | lower
        if target.type == 'snowflake' and column_name == column_name | upper
        else column_name -%}
    {%- set letters = modules.re.sub('[^a-z0-9]', '', name | lower) -%}
    {%- set field = default_fields.get(letters) -%}
    {%- if name.startswith('$') -%}
        {{ return('Braze refuses names that begin with $') }}
    {%- elif name | length > 255 -%}
        {{ return('Braze refuses names of more than 255 characters') }}
    {%- elif field in ['email_subscribe', 'push_subscribe', 'subscription_groups'] -%}
        {#- An attribute is sent whenever it differs: it would re-subscribe people. -#}
        {{ return('consent is sent by a sync of subscriptions alone') }}
    {%- elif field and field != name -%}
        {{ return('use the default field ' ~ field) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
