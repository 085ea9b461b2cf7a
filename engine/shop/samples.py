"""The two sample shops: `demo` (generated) and `complete-journey` (a real grocery retailer's year)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import StoreProblem
from engine.shop import store

SAMPLES = ("demo", "complete-journey")
POLICIES = Path(__file__).parents[2] / "assets" / "policy"  # the demo shop's, and no other shop's


def build(
    name: str, into: Path, seed: int = 0, progress: Callable[[float, str], None] = lambda share, text: None
) -> store.Shop:
    """Make a sample shop in an empty folder. Raises StoreProblem where the folder holds a shop already."""
    into = Path(into)
    if (into / "tables").exists() or (into / "tables.previous").exists():
        raise StoreProblem(f"{into} holds a shop already. Choose another folder, or delete it first.")
    progress(0.05, f"Making the {name} shop")
    sample = _generate(name, seed)
    progress(0.6, "Checking and storing its tables")
    shop = store.create_shop(into, sample.settings)
    store.save_tables(shop, sample.tables)
    if name == "demo":
        _write_policies(into)
    if sample.truth:
        store.replace_file(into / "truth.json", json.dumps(sample.truth, indent=1, ensure_ascii=False).encode())
    progress(1.0, "Done")
    return shop


def _write_policies(into: Path) -> None:
    """The demo shop's rules for customers, to be read and changed like any shop's own."""
    for example in sorted(POLICIES.glob("*.md")):
        store.replace_file(into / "policy" / example.name, example.read_bytes())


def _generate(name: str, seed: int) -> Any:
    # Imported here: a shop that brings its own data never pays for the generator.
    if name == "demo":
        from sample_data import demo

        return demo.generate(seed)
    if name == "complete-journey":
        from sample_data import complete_journey

        return complete_journey.tables()
    raise StoreProblem(f"There is no sample shop called {name}. Choose one of: {', '.join(SAMPLES)}.")
