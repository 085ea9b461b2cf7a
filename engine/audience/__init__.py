"""Who: segments of customers."""
