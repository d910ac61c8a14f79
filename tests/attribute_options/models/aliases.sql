select 'crm' as alias_label, 'a' || number as alias_name, 'gold' as tier
from range(20) as numbers(number)
