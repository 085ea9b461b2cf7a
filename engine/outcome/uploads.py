"""A table that somebody brings to a page, read as commands read their files."""

import tempfile
from pathlib import Path

import pandas as pd

from engine.shop import gate

ENDINGS = ("csv", "xlsx", "parquet", "gz")
LONGEST_NAME = 60


def table(content: bytes, name: str) -> pd.DataFrame:
    """Its rows. Raises DataProblem naming it and what to do. `name` is what a browser says; it never becomes a path."""
    ending = next((one for one in ENDINGS if name.lower().endswith(f".{one}")), "csv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload.{'csv.gz' if ending == 'gz' else ending}"
        path.write_bytes(content)
        return gate.read_file(path, shown(name))


def shown(name: str) -> str:
    """The name as it may stand in a sentence: one line, not too long."""
    plain = " ".join("".join(c for c in name if c.isprintable()).split())
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1] + "…"
