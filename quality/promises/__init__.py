"""What we promise of the published tables: output contracts, their rendering, their changes, their readers."""
