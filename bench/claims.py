"""How much of what is wrong in copy the fact check finds, and how often it stops what is right.

    python bench/claims.py > bench/results/claims.txt

The sentences are those of tests/campaign/copy_sets: six sets, each written without knowledge of the check, with errors
planted in half of them. The sets were read one after the other and the check mended after each, so the table tells how
it does on sentences it has met; how it did on each set when it first met it stands in the README of the sets.
"""

import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from tests.campaign.copy_shops import counted, sentences

SETS = ("claims_dev", "claims", "claims_2", "claims_3", "claims_4", "claims_5")


def main() -> None:
    print(f"Fact check of copy, {date.today():%Y-%m-%d}")
    counts = f"{'set':<12}{'sentences':>10}{'errors':>8}"
    print(f"{counts}{'numbers, dates, codes':>23}{'the rest':>10}{'right ones stopped':>20}")
    for name in SETS:
        began = time.perf_counter()
        count = counted(name)
        each = (time.perf_counter() - began) / len(sentences(name)) * 1000
        errors, numbers, rest = sum(count.wrong.values()), count.recall(numbers=True), count.recall(numbers=False)
        stopped = f"{len(count.false_alarms)} of {count.clean} ({count.false_alarm_rate:.1%})"
        counts = f"{name:<12}{len(sentences(name)):>10}{errors:>8}"
        print(f"{counts}{numbers:>23.1%}{rest:>10.1%}{stopped:>20}   {each:.1f} ms each")
        for missed in count.missed:
            print(f"    missed  {missed}")
        for alarm in count.false_alarms:
            print(f"    stopped {alarm}")


if __name__ == "__main__":
    main()
