select 'A' || number || '@example.com' as email, 'gold' as tier
from range(20) as numbers(number)
