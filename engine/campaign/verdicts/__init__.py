"""Each claim of a text held against what is known: true with its row, or refused with the reason.

verdict     a claim with its verdict
text        the text while it is judged: sentences, clauses, and the products they speak of
names       names of products, and codes
amounts     money and shares of the price
sums        amounts that follow: several things together, what is short of a minimum, a piece of a box
counts      numbers of things, sizes and weights
days        dates, and how long something lasts
properties  materials, origins and what else the catalogue says
lines       the lines of catalogue and policy that bear a promise out
policy      promises of delivery, return and guarantee
conditions  from what order value on an offer or a promise holds
points      points, as the offer or the policy gives them
gifts       gifts, free pieces and vouchers
stock       what is left, and how the customers rate it
comparisons prices compared, and the fewest stars anybody gave
beside      amounts that belong to a promise beside them
judge       all of these over one text
"""
