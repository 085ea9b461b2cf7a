"""Every environment variable, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Paths are expanded; an unset variable is None or the system's usual folder."""

    shop: Path | None  # OFFERLAB_SHOP: the shop folder commands and the app use
    model: str | None  # OFFERLAB_MODEL: a GGUF file by path, or "none" for template drafts
    llm_url: str | None  # OFFERLAB_LLM_URL: an OpenAI-compatible server used instead of the child process
    llm_key: str | None  # OFFERLAB_LLM_KEY: its key
    window: str | None  # OFFERLAB_WINDOW: whose drafts these are; windows take turns at the model
    hub: str  # HF_ENDPOINT: where model files are looked for
    cache: Path  # OFFERLAB_CACHE: model files
    config: Path  # OFFERLAB_CONFIG: keys, roles, accounts, the head of the approval history
    backups: Path | None  # OFFERLAB_BACKUPS: a folder, best on another disk; beside the keys otherwise
    acting: str | None = None  # OFFERLAB_ACTING: for whom a job works, told by the page that starts it


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables; an empty value counts as unset."""

    def path(name: str) -> Path | None:
        return Path(environment[name]).expanduser() if environment.get(name) else None

    return Settings(
        shop=path("OFFERLAB_SHOP"),
        model=environment.get("OFFERLAB_MODEL") or None,
        llm_url=environment.get("OFFERLAB_LLM_URL") or None,
        llm_key=environment.get("OFFERLAB_LLM_KEY") or None,
        window=environment.get("OFFERLAB_WINDOW") or None,
        hub=(environment.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/"),
        cache=path("OFFERLAB_CACHE") or Path(platformdirs.user_cache_dir("offerlab")),
        config=path("OFFERLAB_CONFIG") or Path(platformdirs.user_config_dir("offerlab")),
        backups=path("OFFERLAB_BACKUPS"),
        acting=environment.get("OFFERLAB_ACTING") or None,
    )
