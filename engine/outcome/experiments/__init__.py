"""Tests of one thing against another: planned, read honestly, and judged by a rule fixed beforehand.

size, planning: how many visitors, for how long, and whether it is worth it. rows: a file as it came. proportions,
revenue, bayes, sequential, correction: the statistics. verdicts: the rule. reading: a file with its answer. people:
tables of single persons (CUPED, capped amounts, segments).
"""

from engine.outcome.experiments.correction import holm
from engine.outcome.experiments.reading import COLUMNS, Reading, analyse, read
from engine.outcome.experiments.verdicts import VERDICTS, Rule, summary

__all__ = ["COLUMNS", "VERDICTS", "Reading", "Rule", "analyse", "holm", "read", "summary"]
