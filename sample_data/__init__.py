"""The two sample shops: `demo.generate` makes one up, `complete_journey.tables` reads a real one."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A shop as tables by name, what was planted in it (empty for a real shop), and the values of its shop.toml."""

    tables: dict[str, pd.DataFrame]
    truth: dict
    settings: dict
