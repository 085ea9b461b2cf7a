"""Who: segments, rules and stages of customers, and whom a channel may reach."""
