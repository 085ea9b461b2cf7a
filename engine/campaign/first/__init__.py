"""A plan before anything was learned from campaigns: what the shop's orders say, and what the marketer types.

anyway      how many would buy in the window without a message, from orders alone
basket      what an order is worth, from orders alone
experience  what the few past campaigns did
outlook     break-even, and what typed rates would earn: the forecast of such a plan
holdout     how many to leave out so that the first result shows something
"""
