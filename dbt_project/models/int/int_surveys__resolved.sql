{{ c360.resolve_customers(ref('std_surveys'), 'responded_at') }}
