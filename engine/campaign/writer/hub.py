"""What the model hub says of a file: its exact size and SHA-256, and the licence and languages of its repository."""

import http.client
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from engine.campaign.writer.catalogue import Entry
from engine.errors import ModelFileProblem
from engine.sentences import Sentence
from engine.settings import Settings

PATIENCE = 10.0
MOST_BYTES = 20_000_000  # of an answer; a repository with thousands of files takes one or two
SEVERAL = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


def entry(settings: Settings, name: str) -> Entry:
    """OWNER/REPO/FILE.gguf as an entry of models.toml, pinned to the hash and revision the hub names now.

    Raises ModelFileProblem where the hub is not reached, does not have the file, or does not give its hash.
    """
    owner, repository, file = name.split("/", 2)
    if SEVERAL.search(file):
        raise ModelFileProblem(Sentence("writer.hub_several", {"file": file}))
    told = _asked(f"{settings.hub}/api/models/{quote(owner)}/{quote(repository)}?blobs=true", name)
    sibling = next((one for one in _list(told.get("siblings")) if one.get("rfilename") == file), None)
    if sibling is None:
        others = [str(one.get("rfilename")) for one in _list(told.get("siblings"))]
        files = [other for other in others if other.endswith(".gguf")]
        values = {"file": file, "repository": f"{owner}/{repository}", "files": ", ".join(files[:20]) or "-"}
        raise ModelFileProblem(Sentence("writer.hub_no_file", values))
    lfs = sibling.get("lfs") or {}
    card = told.get("cardData") or {}
    tags = {key: value for key, _, value in (str(tag).partition(":") for tag in told.get("tags") or []) if value}
    try:
        return Entry(
            name=re.sub(r"[^A-Za-z0-9._-]", "-", file.rpartition("/")[2].removesuffix(".gguf")).lower(),
            repository=f"{owner}/{repository}",
            file=file,
            revision=str(told.get("sha") or "main"),
            sha256=str(lfs.get("sha256", "")),
            size=lfs.get("size") or 0,
            licence=str(card.get("license") or tags.get("license") or "unknown"),
            publisher=owner,
            languages=_languages(card.get("language")),
        )
    except ValidationError as error:
        raise ModelFileProblem(Sentence("writer.hub_no_hash", {"name": name})) from error


def _asked(url: str, name: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            told = json.loads(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        key = {401: "writer.hub_closed", 403: "writer.hub_closed", 404: "writer.hub_unknown"}.get(error.code)
        said = Sentence(key, {"name": name}) if key else _unreached(url, f"HTTP {error.code}")
        raise ModelFileProblem(said) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ModelFileProblem(_unreached(url, str(getattr(error, "reason", error)))) from error
    if not isinstance(told, dict):
        raise ModelFileProblem(_unreached(url, type(told).__name__))
    return told


def _unreached(url: str, why: str) -> Sentence:
    return Sentence("writer.hub_unreached", {"hub": url.partition("/api/")[0], "why": why})


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _languages(value: Any) -> list[str]:
    return [str(one) for one in ([value] if isinstance(value, str) else value or [])][:60]
