{{ c360.resolve_customers(ref('std_cases'), 'opened_at') }}
