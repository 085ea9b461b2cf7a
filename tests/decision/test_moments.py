"""Times of one kind: kept in UTC, read on the shop's clock."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from engine import commands
from engine.decision import moments
from engine.shop import store

COMMANDS = Path(commands.__file__).parent


def test_every_moment_is_kept_in_utc_and_an_old_one_without_a_zone_is_still_read(shop, tmp_path):
    china = timezone(timedelta(hours=8))
    for now in (datetime(2026, 6, 1, 20, tzinfo=china), datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 12)):
        shop.now = now
        assert shop.append().at == "2026-06-01T12:00:00+00:00"
    opened = store.create_shop(tmp_path / "asked", {"name": "Asked", "time_zone": "Asia/Shanghai"})
    assert moments.shown("2026-06-01T12:00:00+00:00", opened) == "2026-06-01 20:00"
    local = datetime(2026, 6, 1, 12).astimezone()
    assert moments.shown("2026-06-01T12:00:00", opened) == moments.shown(local, opened)


def test_no_command_takes_the_clock_of_a_machine_into_the_history():
    naive = re.compile(r"datetime\.now\(\)")
    found = {path.name: len(naive.findall(path.read_text())) for path in COMMANDS.glob("*.py")}
    # An import is held against times of the shop's tables, and a doctor reads this machine's clock; neither is kept.
    assert {name: n for name, n in found.items() if n} == {
        "data.py": 1, "launching.py": 1, "machine.py": 1, "outcomes.py": 1,
    }  # fmt: skip
