"""What every hostile file comes to: its verdict, seconds, and megabytes above what the process held before.

    python bench/hostile.py [--small] > bench/results/hostile.txt

Promised: no crash, no wrong verdict, at most 1,000 MB and 5 s for each.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from tests.shop.hostile import CASES
from tests.shop.hostile.weighing import Weighed, weighed

MOST_MB, MOST_SECONDS = 1_000, 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--small", action="store_true", help="bombs in the size of make test")
    chosen = arguments.parse_args()
    found: list[Weighed] = []
    print(f"{'file':62} {'kB':>9} {'s':>6} {'MB':>6}  verdict")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OFFERLAB_CONFIG"] = folder
        for case in CASES:
            one = weighed(case, not chosen.small)
            found.append(one)
            came = one.came.replace("\n", " ")[:150]
            print(
                f"{one.name[:62]:62} {one.packed / 1000:9,.1f} {one.seconds:6.2f} {max(one.mb, 0):6.1f}  {came}"
                f"{' WRONG: ' + one.wrong[:200] if one.wrong else ''}",
                flush=True,
            )
    wrong = sum(bool(one.wrong) for one in found)
    heaviest, longest = max(found, key=lambda one: one.mb), max(found, key=lambda one: one.seconds)
    print(
        f"\n{len(found)} files, {wrong} wrong; at most {heaviest.mb:,.0f} MB ({heaviest.name}; {MOST_MB:,} promised) "
        f"and {longest.seconds:.1f} s ({longest.name}; {MOST_SECONDS} promised)"
    )


if __name__ == "__main__":
    main()
