"""Files of tests as they were read, and how many visitors a test needs."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from engine.outcome import experiments
from engine.outcome.experiments import Reading, Rule
from engine.outcome.experiments.example import EXAMPLES
from engine.outcome.experiments.planning import Question
from engine.outcome.experiments.size import visitors_needed
from engine.sentences import Language
from engine.shop import gate, store


@st.cache_resource(max_entries=4, show_spinner=False)
def read(name: str, content: bytes, smallest_lift: float, language: Language) -> Reading:
    """An uploaded file of tests. Raises DataProblem."""
    given = Path(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{store.safe_name(given.stem)}{given.suffix.lower()}"
        path.write_bytes(content)
        sheet = gate.read_sheet(path)
    return experiments.analyse(sheet.frame, Rule(smallest_lift=smallest_lift), language, sheet.lines)


@st.cache_resource(max_entries=4, show_spinner=False)
def read_example(name: str, smallest_lift: float, language: Language) -> Reading:
    """The tests of one of EXAMPLES."""
    return experiments.analyse(EXAMPLES[name](), Rule(smallest_lift=smallest_lift), language)


@st.cache_data(max_entries=8, show_spinner=False)
def size_by_lift(asked: Question) -> pd.DataFrame:
    """lift, visitors (per arm), around the lift that is asked about."""
    lifts = asked.lift * np.geomspace(0.3, 3.0, 40)
    visitors = [float(visitors_needed(np.array(asked.base), lift, asked.alpha_each, asked.power)) for lift in lifts]
    return pd.DataFrame({"lift": lifts, "visitors": visitors}).dropna()
