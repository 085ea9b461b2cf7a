"""One draft from the language model: drawn, read, checked, drawn again with the next seed."""

import re
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import openai
from pydantic import ConfigDict, RootModel, ValidationError

from engine.campaign.plan import Brief
from engine.campaign.writer import prompt, template
from engine.campaign.writer import wish as wishes
from engine.campaign.writer.facts import Facts
from engine.campaign.writer.prompt import Layout
from engine.campaign.writer.server import Endpoint
from engine.campaign.writer.turn import SILENCE, Turn
from engine.campaign.writer.wish import NOTHING, Wish
from engine.errors import DraftFailed
from engine.sentences import Sentence

TEMPERATURE, TOP_P = 0.6, 0.95
REDRAWS = 5
DEADLINE = 90.0  # seconds for one draft with its redraws, from its turn on; 5-10 s each on two slow cores
PHRASE, SENTENCE = (4, 6), (12, 18)  # lengths in words, in Chinese characters
TITLES = ("subject", "headline")
MARKS = (".", "?", "。", "？")
OPENING = {"en": 28, "zh": 10}  # characters that an opening of a body needs
ANSWER_TOKENS = {"email": 420, "sms": 120, "push": 140, "ad": 140}  # the rest: 320


def answer_tokens(channel: str) -> int:
    """The most tokens of an answer in a channel."""
    return ANSWER_TOKENS.get(channel, 320)


@dataclass(frozen=True, slots=True)
class Written:
    """A draft's text with slots that passed every check, and how it came to be."""

    slots: dict[str, str]
    seed: int
    redraws: int
    prompt_sha256: str
    seconds: float  # since its turn came
    tokens_per_second: float | None  # of the answer that was taken, behind its first token


@dataclass(slots=True)
class Pace:
    """When the pieces of an answer came; a piece is a token."""

    first: float = 0.0
    last: float = 0.0
    tokens: int = 0

    def tick(self) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.tokens += 1

    def per_second(self) -> float | None:
        """Tokens a second; None for an answer too short to say."""
        took = self.last - self.first
        return round((self.tokens - 1) / took, 2) if self.tokens > 8 and took > 0 else None


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an answer, as each kind of server takes it."""

    schema: dict
    grammar: str


class _Answer(RootModel[dict[str, str]]):
    model_config = ConfigDict(strict=True)


def write(
    endpoint: Endpoint,
    brief: Brief,
    facts: Facts,
    number: int,
    seed: int,
    taken: Sequence[dict[str, str]] = (),
    deadline: float = DEADLINE,
    wish: Wish = NOTHING,
    window: str = "",
) -> Iterator[int | str | Written]:
    """Yields the place in the line while the model is busy, the text so far, then the draft as Written.

    `taken`: drafts it must differ from. `window`: who asks; windows take turns. The deadline, in seconds, counts from
    the draft's turn on. Raises DraftFailed when the server is gone or slow, or every draw was refused: the sentence
    says which.
    """
    turn = Turn(endpoint, window)
    try:
        if endpoint.model_sha256:  # only our own child signs with it, and has a line
            yield from turn.places()
        yield 0
        # Our own child gives a sign of life each second, other servers are silent until the first token.
        silence = SILENCE if turn.is_kept else deadline
        yield from _in_turn(endpoint, brief, facts, number, seed, taken, deadline, wish, silence)
    finally:
        turn.close()


def _in_turn(
    endpoint: Endpoint,
    brief: Brief,
    facts: Facts,
    number: int,
    seed: int,
    taken: Sequence[dict[str, str]],
    deadline: float,
    wish: Wish,
    silence: float,
) -> Iterator[str | Written]:
    began = time.monotonic()
    ask = asked(brief, facts, number, seed, wish, taken, "lines" if endpoint.backend == "llama_cpp" else "json")
    refused: list[str] = []
    for redraw in range(REDRAWS + 1):
        answer, pace = "", Pace()
        try:
            for piece in draw(endpoint, ask, facts, seed + redraw, began + deadline, silence):
                pace.tick()
                answer += piece
                yield readable(answer, ask.layout)
            slots = read(answer, ask, facts, wish)
            reasons = objections(slots, ask, facts, wish, taken)
        except Unfinished as problem:
            reasons = [str(problem)]
        if not reasons:
            elapsed = round(time.monotonic() - began, 2)
            yield Written(slots, seed + redraw, redraw, prompt.prompt_sha256(ask.chat), elapsed, pace.per_second())
            return
        refused = list(dict.fromkeys(reasons))
    values = {"times": REDRAWS + 1, "reasons": "; ".join(refused)[:300]}
    raise DraftFailed(Sentence("writer.refused", values))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the model is asked: the chat, the form of the answer, its angle, and the offer sentence code adds."""

    chat: list[dict[str, str]]
    layout: Layout
    form: Form
    told: str
    line: str


def asked(
    brief: Brief,
    facts: Facts,
    number: int,
    seed: int,
    wish: Wish,
    taken: Sequence[dict[str, str]],
    layout: Layout = "lines",
) -> Asked:
    """What the model is asked for draft `number` of a brief.

    Raises DraftFailed where nothing fits beside the offer in a message that has but one part.
    """
    number = number + seed if wish.part else number  # asked again and again, one part comes from another angle
    line = wishes.offer_line(wish.keep.get("body", ""), facts)
    line = line or template.roomiest(number, facts, OPENING[facts.language])
    opening = template.room_beside(line, facts)
    if opening < OPENING[facts.language] and prompt.parts(facts, wish) == ("body",):
        raise DraftFailed(Sentence("writer.no_room"))
    unlike = (wish.shown, *taken) if wish.shown else ()
    form = Form(prompt.schema(facts, wish), prompt.grammar(facts, wish, unlike, opening))
    chat = prompt.messages(brief, facts, number, wish, layout)
    return Asked(chat, layout, form, prompt.angle(brief, facts, number), line)


def read(answer: str, ask: Asked, facts: Facts, wish: Wish) -> dict[str, str]:
    """The whole draft from an answer: what was kept, and what was written. Raises Unfinished for another form."""
    return {**wish.keep, **_read(answer, ask, facts, wish)}


def objections(
    slots: dict[str, str], ask: Asked, facts: Facts, wish: Wish, taken: Sequence[dict[str, str]]
) -> list[str]:
    """Why a draft is refused; empty for one that may be shown."""
    return (
        wishes.objections(slots, facts, wish) + _repeats(slots, facts, wish, taken, ask.told) + _cut(slots, facts, wish)
    )


def _cut(slots: dict[str, str], facts: Facts, wish: Wish) -> list[str]:
    """Reasons against titles that end in the middle of a sentence, which the form's last word can do."""
    ends = tuple(prompt.prompt_file(facts.language)["unfinished"])
    titles = {part: slots[part].rstrip("?？").lower() for part in prompt.parts(facts, wish) if part in TITLES}
    space = "" if facts.language == "zh" else " "
    return [f"its {part} breaks off" for part, text in titles.items() if f"{space}{text}".endswith(ends)]


def readable(answer: str, layout: Layout) -> str:
    """The words of an answer that is still being written, one part a line."""
    if layout == "lines":
        return re.sub(r"^\w+(?:: |：)", "", answer, flags=re.MULTILINE)
    parts = re.findall(r'"\w+"\s*:\s*"((?:[^"\\]|\\.)*)', answer)
    return "\n".join(part.replace('\\"', '"').replace("\\n", " ") for part in parts)


def _repeats(slots: dict[str, str], facts: Facts, wish: Wish, taken: Sequence[dict[str, str]], told: str) -> list[str]:
    """Reasons against a draft that says again what another draft of this brief, or the prompt, says."""
    reasons = ["it repeats another draft"] if slots in taken else []
    # The example without a product is a general greeting that suits any shop; the other one is about herbs.
    is_own = bool(facts.products or facts.liked)
    shown = _phrases(" ".join(prompt.example(facts).values()), facts) if is_own else set()
    before = " ".join(wishes.told(wish.shown, facts).values())
    for part in prompt.parts(facts, wish):
        text = slots[part]
        if shown & _phrases(text, facts):
            reasons.append(f"its {part} copies the prompt's example")
        if _phrases(told, facts) & _phrases(text, facts):
            reasons.append(f"its {part} copies what the model was told")
        if part in TITLES and any(other.get(part) == text for other in taken):
            reasons.append(f"its {part} repeats another draft's")
        other = wish.shown.get(part, "")
        # There are only so many buttons: beside new words, the old one may stay.
        if (wish.part or part != "call_to_action") and wishes.says_the_same(text, other, part, facts):
            reasons.append(f"its {part} says the same again")
        if _phrases(text, facts, SENTENCE) & _phrases(before, facts, SENTENCE):
            reasons.append(f"its {part} repeats a sentence of the draft")
    if wish.part:
        rest = [text for part, text in wish.keep.items() if part != wish.part]
        if any(wishes.says_the_same(slots[wish.part], text, wish.part, facts) for text in rest):
            reasons.append(f"its {wish.part} repeats another part")
    elif slots.get("subject") and slots.get("subject") == slots.get("headline"):
        reasons.append("its headline repeats its subject")
    return reasons


def _phrases(text: str, facts: Facts, length: tuple[int, int] = PHRASE) -> set[str]:
    """Runs of so many words, or Chinese characters: long enough not to be shared by chance."""
    units = wishes.words(text, facts.language)
    run = length[1] if facts.language == "zh" else length[0]
    return {" ".join(units[start : start + run]) for start in range(len(units) - run + 1)}


class Unfinished(Exception):
    """An answer that was cut or is not what was asked for."""


def draw(
    endpoint: Endpoint, ask: Asked, facts: Facts, seed: int, until: float, silence: float
) -> Generator[str, None, None]:
    """The pieces of one answer. Raises DraftFailed for a server problem, Unfinished for a cut answer.

    `silence`: seconds without a sign of life after which the server counts as hanging.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise DraftFailed(Sentence("writer.slow"))
    # No proxy for the child on this machine, and no retries: the deadline is the marketer's patience.
    http = openai.DefaultHttpxClient(trust_env=not endpoint.url.startswith("http://127.0.0.1"))
    finished = None
    with http, openai.OpenAI(base_url=endpoint.url, api_key=endpoint.key, http_client=http, max_retries=0) as client:
        try:
            patience = openai.Timeout(left, read=min(left, silence))
            stream = _ask(client, endpoint, ask, facts, seed, patience)
            with stream:
                for chunk in stream:
                    if time.monotonic() > until:
                        raise DraftFailed(Sentence("writer.slow"))
                    for choice in chunk.choices[:1]:
                        finished = choice.finish_reason or finished
                        if choice.delta.content:
                            yield choice.delta.content
        except openai.APITimeoutError as error:
            raise DraftFailed(Sentence("writer.slow" if time.monotonic() > until - 1 else "writer.hangs")) from error
        except openai.AuthenticationError as error:
            raise DraftFailed(Sentence("writer.key_refused", {"url": endpoint.url})) from error
        except openai.APIStatusError as error:
            raise DraftFailed(Sentence("writer.status", {"status": str(error.status_code)})) from error
        except (openai.OpenAIError, OSError) as error:
            raise DraftFailed(Sentence("writer.gone")) from error
        except (ValueError, AttributeError, TypeError) as error:
            raise DraftFailed(Sentence("writer.garbled")) from error
    if finished is None:
        raise DraftFailed(Sentence("writer.broke_off"))
    if finished != "stop":
        raise Unfinished("the answer was cut before its end")


def _ask(
    client: openai.OpenAI, endpoint: Endpoint, ask: Asked, facts: Facts, seed: int, patience: openai.Timeout
) -> Any:
    """The stream of one answer, in the form this kind of server takes."""
    request: dict[str, Any] = {
        "model": endpoint.model,
        "messages": ask.chat,
        "temperature": TEMPERATURE,
        "top_p": TOP_P,
        "seed": seed % 2**31,
        "max_tokens": answer_tokens(facts.channel),
        "stream": True,
        "timeout": patience,
    }
    if endpoint.backend == "llama_cpp":
        return client.chat.completions.create(**request, extra_body={"grammar": ask.form.grammar})
    form: Any = {
        "type": "json_schema",
        "json_schema": {"name": "draft", "strict": True, "schema": ask.form.schema},
    }
    try:
        return client.chat.completions.create(**request, response_format=form)
    except (openai.BadRequestError, openai.InternalServerError, openai.UnprocessableEntityError):
        form = {"type": "json_object", "schema": ask.form.schema}
        return client.chat.completions.create(**request, response_format=form)


def _read(answer: str, ask: Asked, facts: Facts, wish: Wish) -> dict[str, str]:
    """The parts of an answer, tidied, the offer sentence added; alone where the opening has no room beside it.

    Raises Unfinished when the answer has another form.
    """
    wanted = prompt.parts(facts, wish)
    parts = _of_lines(answer, wanted, facts.language) if ask.layout == "lines" else _of_json(answer)
    if parts.keys() != set(wanted):
        raise Unfinished(f"the answer had the parts {', '.join(parts) or 'none'}")
    slots = {part: tidy(parts[part], facts) for part in wanted}
    if not all(slots.values()):
        raise Unfinished("the answer left a part empty")
    if "body" in slots:
        has_room = template.room_beside(ask.line, facts) >= OPENING[facts.language]
        slots["body"] = template.joined(slots["body"], ask.line, facts.language) if has_room else ask.line
    return slots


def _of_lines(answer: str, wanted: Sequence[str], language: str) -> dict[str, str]:
    lines = answer.strip().splitlines()
    labels = [prompt.label(part, language) for part in wanted]
    if len(lines) != len(wanted) or not all(map(str.startswith, lines, labels)):
        raise Unfinished("the answer was ended before it was whole, or was not in the lines asked for")
    texts = {part: line.removeprefix(own).strip() for part, line, own in zip(wanted, lines, labels, strict=True)}
    # Every sentence has its mark in the form: one without was ended by the form, in its middle.
    if any(not texts[part].endswith(MARKS) for part in ("preheader", "body") if part in texts):
        raise Unfinished("a sentence breaks off")
    return texts


def _of_json(answer: str) -> dict[str, str]:
    try:
        return _Answer.model_validate_json(answer).root
    except ValidationError as error:
        raise Unfinished("the answer was not in the form asked for") from error


def tidy(text: str, facts: Facts) -> str:
    """Text without the words a slot's value already contains: "{discount} off" reads "15% off off" otherwise."""
    text = " ".join(text.split())
    for name in prompt.FREE:
        # The very words of the fact, typed: put back as the slot they are.
        if value := facts.slots.get(name):
            text = re.sub(re.escape(value), "{" + name + "}", text, flags=re.IGNORECASE)
    if facts.language == "zh":
        text = text.replace(" ", "").replace("你们", "您").replace("你", "您")
        for name, value in facts.slots.items():
            if value[-1] in "折元":
                text = re.sub(r"\{" + name + r"\}(?:折扣?|元)", "{" + name + "}", text)
        return re.sub(r"(?:减|立减)(?=\{discount\})", "", text) if _begins(facts, "discount", "立减") else text
    for name in _proper_names(" ".join(one.description.replace(one.name, "") for one in facts.products)):
        text = re.sub(rf"\b{name.lower()}\b", name, text)
    if facts.slots.get("discount", "").endswith(" off"):
        text = re.sub(r"\b(?:an? |an? extra |extra )?\{discount\}(?:\s+(?:off|discount)\b)?", "{discount}", text)
        text = re.sub(
            r"\b([Ss])ave \{discount\}", lambda m: "Get {discount}" if m[1] == "S" else "get {discount}", text
        )
        text = re.sub(r"\{discount\} (?:of|from) ", "{discount} ", text)
    return text.replace("’", "'")


def _proper_names(text: str) -> set[str]:
    """Words that have a capital inside a sentence and never go without: brands and places, written small by the model.

    >>> _proper_names("A cream by Dewleaf. Soft Cream.")
    {'Dewleaf'}
    """
    return {
        name for name in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", text) if not re.search(rf"\b{name.lower()}\b", text)
    }


def _begins(facts: Facts, name: str, words: str) -> bool:
    return facts.slots.get(name, "").startswith(words)
