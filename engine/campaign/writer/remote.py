"""A language model's server at an address: what it offers, or the sentence that says why it cannot be used."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from typing import Any, Literal

from engine.campaign.writer.server import RETURN_SECONDS, Endpoint, direct
from engine.errors import DraftFailed
from engine.sentences import Sentence
from engine.settings import Settings


class Remote:
    """The server that OFFERLAB_LLM_URL names. One that answered before is waited for where it is gone for a moment."""

    def __init__(self, settings: Settings, timeout: float = 5.0, patience: float = RETURN_SECONDS):
        self._settings = settings
        self._timeout = timeout
        self._patience = patience
        self._is_own = False

    def __call__(self) -> Endpoint:
        """Where to ask. Raises DraftFailed when it does not answer, refuses the key or offers no model."""
        until = time.monotonic() + self._patience
        while True:
            try:
                found = remote(self._settings, self._timeout)
                break
            except DraftFailed:
                if not self._is_own or time.monotonic() > until:
                    raise
                time.sleep(0.25)
        # The child of an app is signed with its file's hash, and that app starts it again.
        self._is_own = found.backend == "llama_cpp" and found.model_sha256 is not None
        return found


def remote(settings: Settings, timeout: float = 5.0) -> Endpoint:
    """The server that OFFERLAB_LLM_URL names, asked once. Raises DraftFailed."""
    url = address(settings.llm_url or "")
    models = models_at(url, settings.llm_key, timeout)
    if not models:
        raise DraftFailed(Sentence("writer.no_models", {"url": url}))
    name = str(models[0].get("id", ""))
    # llama_cpp.server signs its models "me"; vLLM and llama-server do otherwise.
    backend: Literal["llama_cpp", "other"] = "llama_cpp" if models[0].get("owned_by") == "me" else "other"
    known = re.search(r"@([0-9a-f]{64})$", name)
    return Endpoint(url, settings.llm_key or "none", name, backend, known.group(1) if known else None)


def address(url: str) -> str:
    """The address as it is asked, with /v1 at its end."""
    url = url.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


def models_at(url: str, key: str | None, timeout: float) -> list[dict[str, Any]]:
    """The models a server offers. Raises DraftFailed that tells no key, a wrong key, no answer and nonsense apart."""
    try:
        request = urllib.request.Request(f"{url}/models", headers={"Authorization": f"Bearer {key or 'none'}"})
        # This machine is never behind a proxy; another one may be.
        local = re.match(r"https?://(127\.|localhost[:/]|\[::1\])", url)
        opened = direct.open if local else urllib.request.urlopen
        with opened(request, timeout=timeout) as answer:
            listed = json.loads(answer.read()).get("data")
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise DraftFailed(Sentence("writer.key_refused" if key else "writer.no_key", {"url": url})) from error
        raise DraftFailed(Sentence("writer.no_server", {"url": url, "why": f"HTTP {error.code}"})) from error
    except (ValueError, AttributeError) as error:
        raise DraftFailed(Sentence("writer.other_server", {"url": url})) from error
    except (OSError, http.client.HTTPException) as error:
        why = str(getattr(error, "reason", error) or type(error).__name__)
        raise DraftFailed(Sentence("writer.unreachable", {"url": url, "why": why})) from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise DraftFailed(Sentence("writer.other_server", {"url": url}))
    return listed
