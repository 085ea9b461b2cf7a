"""The writer of copy: what it may say, and the local language model."""

from pathlib import Path

import streamlit as st

from engine import settings
from engine.campaign import policy_files
from engine.campaign.plan import Brief
from engine.campaign.writer import candidates, files
from engine.campaign.writer.ahead import Ahead
from engine.campaign.writer.facts import Facts
from engine.campaign.writer.facts import facts as facts_of_brief
from engine.campaign.writer.server import WriterServer
from engine.campaign.writer.whereabouts import Whereabouts
from engine.campaign.writer.whereabouts import now as whereabouts_now
from engine.shop import store, vouched
from engine.shop.store import Shop


def facts(shop: Shop, brief: Brief) -> Facts:
    """What copy for this brief may say. Raises DataProblem for a product that the shop does not have."""
    beside = (policy_files.stamp(shop), store.stamp([shop.path / vouched.FILE]))
    return _facts(str(shop.path), shop.version, beside, brief.model_dump_json())


@st.cache_resource(max_entries=32, show_spinner=False)
def _facts(path: str, version: str, beside: tuple, brief: str) -> Facts:
    return facts_of_brief(store.open_shop(Path(path)), Brief.model_validate_json(brief))


def whereabouts() -> Whereabouts:
    """Which model writes here, where it runs and how fast."""
    return whereabouts_now(settings.read())


def seconds(channel: str, count: int) -> float | None:
    """How long so many drafts take here, by the last ones; None before the first one."""
    return candidates.seconds(settings.read(), channel, count)


def server() -> WriterServer | None:
    """The local language model's server (not started until asked for); None where there is no model file.

    Raises ModelFileProblem for a file that is not what its name says.
    """
    found = files.locate(settings.read())
    return _server(str(found) if found else None)


def read_ahead(shop: Shop, brief: Brief) -> None:
    """Has the local model read a brief that copy is about to be asked for; does nothing where there is none."""
    if not settings.read().llm_url:
        _ahead().read(shop, brief)


@st.cache_resource(show_spinner=False)
def _ahead() -> Ahead:
    return Ahead(server)


# One at a time: when another model is chosen, the one before it gives its memory back.
@st.cache_resource(max_entries=1, show_spinner=False, on_release=lambda server: server.stop() if server else None)
def _server(model: str | None) -> WriterServer | None:
    return WriterServer(Path(model), settings.read()) if model else None
