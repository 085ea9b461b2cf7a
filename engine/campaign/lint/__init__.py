"""Law and brand: what copy may not say, what a message may not lack, what an offer may not give away.

rules     what a shop has switched on, its own words, and what must be known of it: `rules_of(shop)`
book      the patterns of each rule, from assets/prompts/lint.<language>.toml
reading   `says`: what a text says wrongly, one sentence or a whole part
was       prices that are said to have been higher, against the shop's own lowest price
truth     what makes urgency true: the last day of the brief, pieces in stock
whole     `lacks`: what a complete message lacks, and `under`: the lines that stand under its parts
giving    `gives`: what an offer gives away beyond the shop's own limits

Findings are of kind "lint" and refused; `rule` is the id, `reason` says what is wrong, what to write, and the source.
"""

from engine.campaign.lint.giving import gives
from engine.campaign.lint.reading import says
from engine.campaign.lint.rules import OFF_AT_FIRST, RULES, SWITCHED, Rules, Sold, rules_of
from engine.campaign.lint.whole import lacks, under

__all__ = [
    "OFF_AT_FIRST",
    "RULES",
    "SWITCHED",
    "Rules",
    "Sold",
    "gives",
    "lacks",
    "rules_of",
    "says",
    "under",
]
