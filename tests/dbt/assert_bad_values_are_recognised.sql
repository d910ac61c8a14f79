{#
    Protects every test that stands on these macros: each line is a value that must
    be refused, or a good one that must not be.
#}
{{ config(enabled=project_name == 'braze_bridge') }}
select 'NaN can be written in JSON' as mistake
where {{ is_finite("cast('NaN' as double)") }}
union all
select 'Infinity can be written in JSON' as mistake
where {{ is_finite("cast('-inf' as double)") }}
union all
select '19.90 cannot be written in JSON' as mistake
where not {{ is_finite("cast('19.90' as decimal(18, 2))") }}
union all
select 'an accented letter takes one byte' as mistake
where {{ byte_length("'é'") }} != 2
{% for address in ['Ana@example.com', 'ana@example', '.ana@example.com', 'ana@ex ample.com',
    'ana@-example.com', 'josé@example.com', 'ana@example.com.', 'ana,b@example.com'] %}
union all
select '{{ address }} is an address' as mistake
where {{ keep_pattern("'" ~ address ~ "'", email_pattern()) }} is not null
{% endfor %}
{% for address in ['a@b.co', 'ana.silva+1@mail.example.co.uk', 'ana@xn--mnchen-3ya.de'] %}
union all
select '{{ address }} is no address' as mistake
where {{ keep_pattern("'" ~ address ~ "'", email_pattern()) }} is null
{% endfor %}
{% for number in ['0049176', '+0491761234567', '+49', '+12125550', '+1234567890123456'] %}
union all
select '{{ number }} is a phone number' as mistake
where {{ keep_pattern("'" ~ number ~ "'", phone_pattern()) }} is not null
{% endfor %}
