"""`python -m sample_data.small`: writes the readable copy of the demo shop, sample_data/small/*.csv.

Twenty customers of seed 0, some of every latent group, and everything that is theirs; all products and campaigns; the
last thirty days of ads.
"""

from pathlib import Path

import pandas as pd

from sample_data import demo

FOLDER = Path(__file__).parent / "small"
PER_GROUP = {"vip": 3, "regular": 4, "deal_hunter": 3, "new": 3, "one_time": 2, "lapsed": 3, "quiet_loyal": 2}
AD_DAYS = 30


def tables(shop: demo.DemoShop) -> dict[str, pd.DataFrame]:
    """The small copy: the same tables and columns, few rows, every key still found in its table."""
    group = shop.tables["customers"]["customer_id"].map(shop.truth["customer_group"])
    chosen: list[str] = []
    for name, count in PER_GROUP.items():
        chosen += shop.tables["customers"].loc[group == name, "customer_id"].head(count).tolist()
    small = {}
    for name, table in shop.tables.items():
        if "customer_id" in table.columns:
            table = table[table["customer_id"].isin(chosen)]
        if name == "ads":
            table = table[table["date"] > table["date"].max() - pd.Timedelta(days=AD_DAYS)]
        small[name] = table
    return small


def write(folder: Path = FOLDER) -> None:
    """Write the CSV files: UTF-8, times as ISO 8601, empty = unknown."""
    folder.mkdir(exist_ok=True)
    for name, table in tables(demo.generate(0)).items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%S")


if __name__ == "__main__":
    write()
