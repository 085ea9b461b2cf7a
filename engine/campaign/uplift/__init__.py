"""Extra because we wrote: what a message changes in one customer, learned from those left out by chance.

evidence    past messages whose holdout was drawn by chance, and what was known of their customers
learners    T, X and DR learners on a matrix, each regularised
crossfit    every learner judged on customers it has not seen; the one that ranks them best; its line
worth       held-out gain of choosing whom to write to, against writing to all and to nobody, with its verdict
learned     all of the above for one shop: a score and a range for any customer
listed      a file of customers with what writing to each would earn
advice      per customer of a plan: the offer, full price, or no message
"""
