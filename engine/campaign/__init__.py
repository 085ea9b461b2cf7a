"""What we could do: plans, offers, copy, forecasts and their reasons."""
