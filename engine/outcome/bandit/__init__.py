"""How the next ads or messages are split between arms: proposed by Thompson sampling, confirmed by a person.

arms: what was shown and what came of it, from a file or a shop. arrival: conversions that are still to come. thompson:
how likely each arm is the best. worth: what a showing earns, where its cost and value are known.
proposal: the next split with its guards and reasons. confirmed: the approval history.
"""
