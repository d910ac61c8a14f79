{{ cdi_rows(ref('braze_catalog_products__offered'), object='catalog') }}
