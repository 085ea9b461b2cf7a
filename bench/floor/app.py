"""The least a Streamlit page can do: one slider, one number. What Offerlab's slider is measured against.

The libraries, the warm-up and the frozen heap are Offerlab's own, so that the two differ in what the page does only.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # `streamlit run` puts only this folder on the path
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from dashboard import cache  # noqa: E402

# Everything that Offerlab's pages import.
from dashboard.views.plan_tabs import approve, brief, copywriting, export, figures, result  # noqa: E402, F401


@st.fragment
def number() -> None:
    """One slider with one number after it."""
    percent = st.slider("Discount", 1, 60, 15, format="%d %%", key="floor.percent")
    with st.container(key="floor.box"):
        st.metric("Number", f"{1000 - percent:,}")


st.set_page_config(page_title="Floor", layout="wide")
cache.warm_up.once()  # without a shop it loads the libraries and freezes what is there
# Drawn first and named as the app's own marker, so that a test waits for both in the same way.
st.html('<span id="ready" data-page="floor" style="display:none">.</span>')
number()
