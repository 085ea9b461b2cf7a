"""The commands whose output lies under tests/golden, in the order they build on each other.

`python -m tests.golden_commands` writes the outputs again after a change that was meant; look at the difference.
"""

import json
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from engine.__main__ import main

GOLDEN = Path(__file__).parent / "golden"
# Not compared: they name the moment, the machine or the folder, or how long it took.
VOLATILE = {"version", "shop_version", "versions", "shop", "seconds"}


@dataclass(frozen=True, slots=True)
class Command:
    """One run: arguments with {shop}, {golden} and {out}, and the golden files of what it prints and writes."""

    arguments: str
    printed: str | None = None
    written: str | None = None


COMMANDS = (
    Command("import {golden}/shop --into {shop}", "import/shop.json"),
    Command("import {golden}/import/orders.csv --into {shop}", "import/orders.json"),
    Command("features --shop {shop} --as-of 2025-09-01 --out {out}", "features/columns.json", "features/features.csv"),
    Command("segments --shop {shop} --k 3 --out {out}", "segments/summary.json", "segments/segments.csv"),
    Command(
        'audience --shop {shop} --rule "orders >= 3 and (bought category Skin Care in 90 days or not clicked k03)" '
        '--exclude "group = s3 or tier is unknown" --out {out}',
        "audience/reach.json",
        "audience/customers.csv",
    ),
    Command("train --shop {shop}", "train/card.json"),
    Command("score --shop {shop} --deliveries {golden}/score/deliveries.csv --out {out}", None, "score/scored.csv"),
    Command("score --shop {shop} --ads {golden}/score/ads.csv --out {out}", None, "score/scored-ads.csv"),
    Command("forecast --shop {shop} --plans {golden}/forecast/plans.csv --out {out}", None, "forecast/forecast.csv"),
    Command("explain --shop {shop} --plans {golden}/explain/plans.csv --out {out}", None, "explain/explained.csv"),
    Command("sample demo --into {shop}-demo", "sample/rows.json"),
)


def steady(told: Any) -> Any:
    """JSON without what differs from run to run."""
    if isinstance(told, dict):
        return {key: steady(value) for key, value in told.items() if key not in VOLATILE}
    return [steady(one) for one in told] if isinstance(told, list) else told


def run(folder: Path) -> dict[str, bytes]:
    """What every command prints and writes, by golden file."""
    found: dict[str, bytes] = {}
    for command in COMMANDS:
        out = folder / "out.csv"
        filled = [part.format(shop=folder / "shop", golden=GOLDEN, out=out) for part in shlex.split(command.arguments)]
        ended = CliRunner().invoke(main, filled, catch_exceptions=False)
        assert ended.exit_code == 0, f"{command.arguments}\n{ended.stderr}"
        if command.printed:
            facts = steady(json.loads(ended.stdout))
            found[command.printed] = json.dumps(facts, indent=1, ensure_ascii=False).encode() + b"\n"
        if command.written:
            found[command.written] = out.read_bytes()
    found["import/set_aside.csv"] = (folder / "shop" / "set_aside" / "orders.csv").read_bytes()
    return found


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp())
    for name, content in run(folder).items():
        (GOLDEN / name).write_bytes(content)
    shutil.rmtree(folder)
