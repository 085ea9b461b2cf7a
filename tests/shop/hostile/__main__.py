"""python -m tests.shop.hostile FOLDER [--full]: every hostile file in a folder of its own, with what must happen."""

import argparse
from pathlib import Path

from tests.shop.hostile import CASES


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--full", action="store_true", help="bombs in their full size")
    chosen = arguments.parse_args()
    for number, case in enumerate(CASES, 1):
        folder = chosen.folder / f"{number:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / case.file).write_bytes(case.bytes(chosen.full))
        print(f"{folder / case.file}: {case.name}: {case.verdict} {case.said or case.aside or ''}")


if __name__ == "__main__":
    main()
