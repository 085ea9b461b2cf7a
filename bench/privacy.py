"""A million ids to pseudonyms, and a million texts through the mask: CPU seconds of this process, so that the machine's
other work does not count.

    python bench/privacy.py [--rows 1000000]
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine import privacy

PROMISED = 5.0  # seconds for a million pseudonyms


def measured(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Prints one line per kind of column."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--rows", type=int, default=1_000_000)
    rows = range(wanted.parse_args().rows)
    columns = {
        "pseudonyms of e-mail addresses": [f"user{n}@example.com" for n in rows],
        "pseudonyms of phone numbers": [f"138{n:08d}" for n in rows],
        "mask, texts with dates and prices": [
            f"No. {n % 99}, came 2026-01-{1 + n % 28:02d}, {n % 50}.90 EUR" for n in rows
        ],
        "mask, short Chinese texts": ["很好用，推荐给大家，包装也不错" for _ in rows],
        "mask, an address in each hundredth": [f"write to u{n}@example.com" if n % 100 == 0 else "nice" for n in rows],
    }
    for name, values in columns.items():
        column = pd.Series(values, dtype="str")
        work = privacy.masked if name.startswith("mask") else partial(privacy.pseudonyms, bytes(32))
        print(f"{name:40} {len(rows):>9,} rows  {measured(partial(work, column)):6.2f} s CPU")
    print(f"promised: {PROMISED:.0f} s for a million pseudonyms")


if __name__ == "__main__":
    main()
