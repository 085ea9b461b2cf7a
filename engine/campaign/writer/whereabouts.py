"""Which model writes here, where it runs, and how fast: what a page and `doctor` say of it."""

import re
from dataclasses import dataclass
from pathlib import Path

from engine.campaign.writer import files, gguf, speed
from engine.errors import AppError
from engine.sentences import Sentence
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The writer as it last ran. `model` is a file's name, or what a server calls it; None: drafts are templates."""

    model: str | None
    is_basic: bool  # the default model
    is_elsewhere: bool
    has_run: bool  # on this machine, as far as its log tells
    on_card: int | None  # layers on the graphics card, None where the log names none: it runs on the processor
    layers: int | None
    tokens_per_second: float | None  # of the last drafts
    problem: Sentence | None = None  # what the file lacks

    @property
    def sentence(self) -> Sentence:
        """One line that says it all."""
        return Sentence("writer.but", {"runs": self._runs(), "problem": self.problem}) if self.problem else self._runs()

    def _runs(self) -> Sentence:
        if self.model is None:
            return Sentence("writer.runs_none")
        if self.is_elsewhere:
            name: str | Sentence = self.model
            where = Sentence("writer.at_address")
        else:
            name = Sentence("writer.basic", {"file": self.model}) if self.is_basic else self.model
            where = self._where()
        if self.tokens_per_second is None:
            return Sentence("writer.runs", {"model": name, "where": where})
        values = {"model": name, "where": where, "speed": f"{self.tokens_per_second:g}"}
        return Sentence("writer.runs_at_speed", values)

    def _where(self) -> Sentence:
        if not self.has_run:
            return Sentence("writer.not_started")
        if not self.on_card:
            return Sentence("writer.on_processor")
        return Sentence("writer.on_card", {"on_card": self.on_card, "layers": self.layers or self.on_card})


def now(settings: Settings) -> Whereabouts:
    """What writes here. Looks at files only: nothing is started or asked."""
    if settings.llm_url:
        fast = speed.recent(settings, settings.llm_url)  # its model's name is known from its drafts
        name = fast.model if fast else settings.llm_url
        return Whereabouts(name, False, True, True, None, None, fast.tokens_per_second if fast else None)
    try:
        path = files.locate(settings)
    except AppError:
        path = None
    if path is None:
        return Whereabouts(None, False, False, False, None, None, None)
    log = settings.cache / "logs" / "writer.log"
    offload, fast = last_offload(log), speed.recent(settings, path.name)
    return Whereabouts(
        path.name,
        path.name == files.trusted("default").filename,
        False,
        log.exists(),
        offload[0] if offload else None,
        offload[1] if offload else None,
        fast.tokens_per_second if fast else None,
        _problem(path),
    )


def _problem(path: Path) -> Sentence | None:
    try:
        return None if gguf.header(path).chat_template else Sentence("writer.template_lacking")
    except (OSError, gguf.Unreadable):
        return None  # said when it does not start


def last_offload(log: Path) -> tuple[int, int] | None:
    """Layers on the graphics card and layers in all, from the language model's own log."""
    try:
        said = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    told = re.findall(r"offloaded (\d+)/(\d+) layers to GPU", said)
    return (int(told[-1][0]), int(told[-1][1])) if told else None
