{{ c360.resolve_customers(ref('std_orders'), 'ordered_at') }}
