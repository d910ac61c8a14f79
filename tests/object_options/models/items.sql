select 'P1' as id, 'Shoe' as title
