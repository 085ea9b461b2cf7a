"""Tests of one thing against another: planned, read honestly, and judged by a rule fixed beforehand.

size, planning: how many visitors, for how long, and whether it is worth it. rows: a file of counts as it came;
people_rows: one with a row per person. proportions, revenue, bayes, sequential, correction: the statistics; people:
those of single persons (CUPED, capped amounts, segments). verdicts: the rule. effects: what only persons tell.
reading: a file with its answer.
"""

from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.reading import COLUMNS, Reading, analyse, read
from engine.outcome.experiments.verdicts import VERDICTS, Rule, summary

__all__ = ["COLUMNS", "VERDICTS", "Reading", "Rule", "analyse", "holm", "read", "summary"]
