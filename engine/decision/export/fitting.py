"""What a tool would cut off unsaid is refused before it leaves."""

import pandas as pd

from engine.decision.export.targets import TARGETS, Target
from engine.errors import DataProblem
from engine.sentences import Sentence

SHOWN = 40  # characters of a text that is too long


def require(rows: pd.DataFrame, target: Target | None) -> None:
    """Raises DataProblem for a cell longer than the tool keeps; no target: a tool whose limits nobody wrote down."""
    if target is None or target.max_text is None:
        return
    for column in rows:
        for text in rows[column].dropna().unique():
            if (size := len(str(text).encode(errors="surrogatepass"))) > target.max_text:
                values = {
                    "tool": Sentence(f"targets.name_{target.name}"), "column": column, "text": f"{text[:SHOWN]}…",
                    "size": size, "most": target.max_text,
                }  # fmt: skip
                raise DataProblem(Sentence("targets.cut_off", values))


def of_tool(tool: str) -> Target | None:
    """The target that knows the limits of a sending tool, where there is one."""
    return next((one for name, one in TARGETS.items() if name == tool), None)
