"""Did it work: what past campaigns really did."""
