"""One plan from file to export, compared byte for byte with the files beside it."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from engine.campaign.plan import read_plan
from engine.decision import approvals, cells, export

GOLDEN = Path(__file__).parents[1] / "golden" / "decision"


@pytest.fixture
def written(shop):
    """The two files' bytes for the golden plan, under a fixed clock and key."""
    folder = shop.config / shop.shop_id
    folder.mkdir(parents=True)
    (folder / "ledger.key").write_bytes(bytes(range(32)))
    saved = json.loads((GOLDEN / "saved.json").read_text(encoding="utf-8"))
    plan = read_plan(GOLDEN / "PLAN.json")
    where = (shop.dir, shop.shop_id)
    approvals.submit(
        *where, plan, saved["forecast"], "ana", datetime(2026, 4, 20, 9), shop.config,
        extras={"filled": saved["filled"]},
    )  # fmt: skip
    approvals.approve(*where, plan.plan_id, "ben", "ben", "fits spring", datetime(2026, 4, 21, 10, 30), shop.config)
    out = shop.dir.parent / "plans.csv"
    export.export_plans(*where, out, lambda plan: saved["customers"], datetime(2026, 4, 22), shop.config)
    return {"plans.csv": out.read_bytes(), "plans-audience.csv": export.audience_path(out).read_bytes()}


@pytest.mark.parametrize("name", ["plans.csv", "plans-audience.csv"])
def test_the_golden_plan_is_exported_byte_for_byte(written, name):
    assert written[name] == (GOLDEN / name).read_bytes()


def test_the_golden_audience_reads_back_with_every_id_as_it_was():
    saved = json.loads((GOLDEN / "saved.json").read_text(encoding="utf-8"))
    read = cells.read_back((GOLDEN / "plans-audience.csv").read_bytes())
    assert set(read["customer_id"]) < set(saved["customers"])
    assert read["treated"].isin(["0", "1"]).all()
