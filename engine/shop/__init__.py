"""What we know: a shop's tables, their limits and problems, its settings and features."""
