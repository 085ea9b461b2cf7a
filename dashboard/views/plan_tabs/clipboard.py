"""A button that copies a text with one click, into the tool that the message is sent with."""

from pathlib import Path

import streamlit as st

from dashboard.text import t

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "clipboard"
HTML = """
<button type="button">
<svg aria-hidden="true" width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">
<rect x="9" y="9" width="12" height="12" rx="2"/><path d="M5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1"/>
</svg><span></span></button>
"""

# st.code brings a copy button too, but one that shows only while a mouse is over it. Texts reach the script as data.
_button = st.components.v2.component(
    "offerlab.clipboard",
    html=HTML,
    css=(ASSETS / "button.css").read_text("utf-8"),
    js=(ASSETS / "button.js").read_text("utf-8"),
)


def button(text: str, name: str, key: str) -> None:
    """Copies the text; `name` says of what, for those who cannot see where the button stands."""
    data = {"label": t("copy.copy"), "done": t("copy.copied"), "name": name, "text": text}
    _button(data=data, key=key, width="content", height="content")
