"""Law and brand: every planted violation is found, lawful words are left alone, and a message lacks what it lacks."""

import json
from datetime import date
from pathlib import Path

from engine.campaign import lint
from engine.campaign.lint import Rules, Sold
from engine.campaign.writer.facts import facts
from tests.campaign.fake_writer import FakeShop, brief

SET = Path(__file__).parent / "copy_sets" / "lint.jsonl"
SENDERS = {"en": "Petal & Pine", "zh": "松间小铺"}


class SetShop(FakeShop):
    """A shop with the products of one entry of the set, which its copy is sent by."""

    def __init__(self, entry):
        rows = [(one["product_id"], one["name"], "", one["price"], "") for one in prices(entry)]
        super().__init__(entry["language"], rows)
        self.settings.sender_name = SENDERS[entry["language"]]


def prices(entry):
    return entry.get("brief", {}).get("prices", [])


def facts_of(entry):
    own = {name: value for name, value in entry.get("brief", {}).items() if name != "prices"}
    chosen = [one["product_id"] for one in prices(entry)]
    about = {"starts_at": date(2026, 6, 1), "ends_at": date(2026, 6, 30), "offer": {"kind": "none"}, "goal": "launch"}
    gift = own.get("offer", {}).get("gift_product_id")
    shop = SetShop(entry)
    if gift and gift not in chosen:
        shop._products.loc[len(shop._products)] = [gift, "Gift", "", 5.0, ""]
    asked = brief(**{**about, "channel": entry["channel"], "language": entry["language"], "product_ids": chosen, **own})
    return facts(shop, asked)


def rules_for(entry):
    sold = {
        one["product_id"]: Sold(
            one["name"], "", one["price"], None, one["stock"], one["lowest_30_days"], date(2026, 5, 20)
        )
        for one in prices(entry)
    }
    return Rules(products=sold, currency="CNY" if entry["language"] == "zh" else "USD")


def found(entry):
    """Ids of the rules that an entry of the set breaks."""
    about, rules = facts_of(entry), rules_for(entry)
    parts = entry.get("parts") or {"": entry["text"]}
    said = [finding for part, text in parts.items() for finding in lint.says(text, about, rules, part)]
    if entry["scope"] == "message":
        said += lint.lacks(parts, about, rules)
    return {finding.rule for finding in said}
