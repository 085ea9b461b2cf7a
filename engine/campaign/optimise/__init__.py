"""Which offers pay best: every way to write to a group that was tried, forecast, checked against limits and ranked.

options   the ways to write to a group: kinds of offer and sizes, channels, hours, shares of the audience
limits    what a plan may not break: budget, margin floor, chance of loss, stock, and what was tried
judging   the forecast of every option, and the limit it breaks
ranking   the order, the options between which no difference can be told, and what keeps each from earning more
split     one budget over several groups, at most one plan for each customer
search    all of that together
"""
