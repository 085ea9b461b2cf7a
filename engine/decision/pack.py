"""The approval pack: a submitted plan on one page, for somebody without Offerlab who is to decide on it.

Typeset by typst from assets/print/pack.typ. What is said goes in as data, never as markup, and with the fonts in
assets/fonts, so that the same history gives the same bytes on every machine; nothing is fetched.
"""

import functools
import json
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import typst

from engine.decision import ledger, letters, moments, plans, proposal
from engine.decision.ledger import Entry
from engine.decision.proposal import Proposal
from engine.errors import NotAllowed
from engine.sentences import FOLDER, Language, Sentence, say
from engine.shop.store import Shop

Format = Literal["pdf", "png"]
FORMATS: tuple[Format, ...] = ("pdf", "png")
TEMPLATE = FOLDER.parent / "print" / "pack.typ"
PNG_WIDTH = 1200  # pixels: what a chat shows without shrinking it
_A4_INCHES = 210 / 25.4
MOST_NAMED = 5  # of what cannot be printed
_LONGEST_CHANGE = 120  # characters of a changed fact: both sides of it have to fit
# No place to break a line, as in an address of a page. Scripts from Hebrew to Khmer, and Chinese, break by own rules.
_UNBROKEN = re.compile(r"[^\s\u0590-\u1cff\u2e80-\uffff]{24}")
_JOINERS = "\u200c\u200d"  # that some pictures and words are made with


def pack(shop: Shop, plan_id: str, config: Path, form: Format, language: Language = "en") -> bytes:
    """The page of a plan that waits for a decision. Raises NotAllowed for any other, StoreProblem for none."""
    return render(content(shop, plan_id, config, language), form)


def code_of(submission: Entry) -> str:
    """What an answer names, so that it is known which content it is about: "1A2B-3C4D"."""
    short = submission.hash[:8].upper()
    return f"{short[:4]}-{short[4:]}"


def waiting(shop: Shop, plan_id: str, config: Path) -> tuple[Entry, list[Entry]]:
    """The submission that waits for a decision, and all entries of its plan. Raises NotAllowed where none waits."""
    saved = plans.load(shop.path, plan_id)
    entries = ledger.entries(shop.path, shop.shop_id, config, plan_id)
    found = [entry for entry in entries if entry.action == "submitted"]
    if saved.plan.status != "submitted" or not found:
        raise NotAllowed(Sentence("pack.not_waiting", {"plan_id": plan_id}))
    return found[-1], entries


def content(shop: Shop, plan_id: str, config: Path, language: Language = "en") -> dict[str, Any]:
    """What the page says, as the template takes it."""
    submission, entries = waiting(shop, plan_id, config)
    head = ledger.head(shop.path)
    asked, code = proposal.of_entry(shop, submission, language), code_of(submission)

    def words(name: str, **values: object) -> str:
        return say(f"pack.{name}", language, **values)

    said = {
        "language": language,
        "title": words("title"),
        "name": asked.name,
        "asked": words("asked", who=asked.asked_by, at=asked.asked_at, shop=shop.settings.name),
        "code": code,
        "heads": {one: words(f"head_{one}") for one in ("audience", "offer", "messages", "forecast", "answer")},
        "audience": _lines(asked.audience),
        "offer": _lines(asked.offer),
        "messages": [{"about": one.about, "parts": _lines(one.parts)} for one in asked.messages],
        "verdict": asked.verdict[:1].upper() + asked.verdict[1:],
        "forecast": _lines(asked.forecast),
        "grounds": list(asked.grounds),
        "changed": _changed(shop, asked, entries, language),
        "answer": words("answer", code=code),
        "if_author": words("if_author_records"),
        "proof": words("proof", code=code, content=asked.content_sha256[:12], seq=head.entries, head=head.hash[:16]),
        **{name: words(name) for name in ("continued", "shortened", "no_copy")},
    }
    shown, lost = _printable(said), letters.unprintable("\n".join(_texts(said)))
    values = {"which": tuple(letters.scripts(lost)[:MOST_NAMED]), "mark": letters.INSTEAD, "who": asked.asked_by}
    note = Sentence("pack.unprintable", values).text(language) if lost else None
    return {"at": submission.at, **shown, "unprintable": note and _visible(note)}


def render(said: dict[str, Any], form: Format) -> bytes:
    """The page as a file, from what it says."""
    made = _compiler(said).compile(
        format=form, ppi=PNG_WIDTH / _A4_INCHES, timestamp=int(datetime.fromisoformat(said["at"]).timestamp())
    )
    if not isinstance(made, bytes):  # a list, where there were several pages: the template makes one
        raise RuntimeError(f"the approval pack has {len(made or [])} pages")
    return made


def layout(said: dict[str, Any]) -> dict[str, Any]:
    """How the page was made to fit: size of its letters, whether copy is cut, whether it fits a sheet of A4."""
    return dict(json.loads(_compiler(said).query("<way>", field="value", one=True)))


def _compiler(said: dict[str, Any]) -> typst.Compiler:
    nowhere = Path(tempfile.gettempdir()) / "offerlab-no-packages"  # the template asks for none
    return typst.Compiler(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(said, ensure_ascii=False, sort_keys=True)},
        package_path=nowhere,
        package_cache_path=nowhere,
    )


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[letters.FONTS])


def _lines(lines: tuple[proposal.Line, ...]) -> list[dict[str, str]]:
    return [{"name": line.name, "text": line.text} for line in lines]


def _changed(shop: Shop, asked: Proposal, entries: list[Entry], language: Language) -> dict[str, Any] | None:
    """What differs from what was approved last; None for a plan that was never approved."""
    approval = next((entry for entry in reversed(entries) if entry.action == "approved"), None)
    if approval is None:
        return None
    then = proposal.submission_of(approval, entries)
    if then is None:
        return None
    before = proposal.of_entry(shop, then, language)
    nothing = say("pack.nothing", language)
    lines = [
        {
            "name": name,
            "text": say("pack.change", language, before=_short(old) or nothing, after=_short(new) or nothing),
        }
        for name, old, new in proposal.differences(before, asked)
    ]
    head = say("pack.head_changed", language, at=moments.shown(approval.at, shop))
    return {"head": head, "lines": lines, "none": say("pack.nothing_changed", language)}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_CHANGE else f"{text[:_LONGEST_CHANGE].rstrip()} …"


def _printable(value: Any) -> Any:
    """The same with nothing in its texts that cannot be seen but changes what is: see `_visible`."""
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return _visible(value) if isinstance(value, str) else value


def _texts(value: Any) -> Iterator[str]:
    """Every text in it that `_printable` does not change for another reason."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield "".join(one for one in value if not (_is_hidden(one) or _is_no_text(one)))


def _visible(text: str) -> str:
    """Text as a reader can trust it: no marks that turn the order of letters round, no control characters, no boxes.

    A long word gets places to break a line, which are not seen.
    """
    text = text.replace("\r\n", "\n").replace("\t", " ")
    lost = set(letters.unprintable(text))
    shown = "".join(letters.INSTEAD if one in lost or _is_no_text(one) else one for one in text if not _is_hidden(one))
    return _UNBROKEN.sub(lambda run: f"{run[0]}\u200b", shown)


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) == "Cf" and letter not in _JOINERS


def _is_no_text(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Co") and letter != "\n"
