"""Would another choice have paid? Told from a log of choices made by chance, without making the other one.

log: what was chosen, with which probability, and what came of it. policy: how the other choice would choose. rewards: a
model of what an action earns. estimators: what the other choice would have earned, five ways. intervals: how sure that
is. overlap: whether the log tried what the other choice would do. answer: all of it, with a verdict. from_shop: a log
made of the shop's own past sends; money: what each of those earned. from_plan: a log made of one plan's variants.
"""
