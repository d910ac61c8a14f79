{#
    Protects the dashboard from twins of default fields: the names people really use
    are pointed to the right field, and honest names pass.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
{% set expected_fields = {
    'birthday': 'dob', 'birthdate': 'dob', 'date_of_birth': 'dob', 'Date of birth': 'dob',
    'e-mail': 'email', 'e_mail': 'email', 'email_address': 'email', 'Email': 'email',
    'firstname': 'first_name', 'surname': 'last_name', 'mobile': 'phone',
    'telephone': 'phone', 'sex': 'gender', 'city': 'home_city', 'lang': 'language',
    'timezone': 'time_zone', 'country_code': 'country',
} %}
{% set honest_names = [
    'dob', 'email', 'first_name', 'home_city', 'time_zone', 'favourite_city',
    'birthday_voucher', 'mobile_app_version', 'home_store', 'lifetime_value'
] %}
{% for name, field in expected_fields.items() %}
select '{{ name }}' as column_name
where '{{ attribute_name_problem(name) }}' != 'use the default field {{ field }}'
union all
{% endfor %}
{% for name in ['$score', 'x' * 256] %}
select '{{ name }}' as column_name
where '{{ attribute_name_problem(name) }}' not like 'Braze refuses%'
union all
{% endfor %}
{% for name in ['email_subscribe', 'Push Subscribe', 'subscription_groups'] %}
select '{{ name }}' as column_name
where '{{ attribute_name_problem(name) }}' not like 'consent is sent%'
union all
{% endfor %}
{% for name in honest_names %}
select '{{ name }}' as column_name
where '{{ attribute_name_problem(name) }}' != 'None'
{% if not loop.last %}union all{% endif %}
{% endfor %}
