{{ c360.resolve_customers(ref('std_consents'), 'occurred_at') }}
