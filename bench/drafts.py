"""A hundred briefs from both sample shops in both languages, drafted by the default model.

    python bench/drafts.py [--briefs 100] [--part drafts] > bench/results/drafts.txt

Every brief gets one draft, drawn, checked and drawn again as the app does it. Told are the drafts that could be used as
they were first drawn, why the others were refused, what a check of its own still finds in those that were taken, and
how fast they were written: beside llama-cpp-python itself in a loop, with the same prompts and the same grammar, each
prompt drawn by both in turn, so that a machine that is busy is busy for both.

Uses the default language model of this machine: `make model` fetches it.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

import llama_cpp

from bench.shared.model import at_hand
from engine.campaign import claims
from engine.campaign.plan import Brief, Offer
from engine.campaign.writer import files, model
from engine.campaign.writer.ahead import Ahead
from engine.campaign.writer.facts import Facts, facts
from engine.campaign.writer.server import THREADS, Endpoint, WriterServer
from engine.campaign.writer.wish import NOTHING
from engine.errors import DraftFailed
from engine.shop import samples
from engine.shop.store import Shop

SEED, NEXT_SEED = 1, 1000
CHANNELS = ("email", "sms", "push", "social", "email", "wechat", "ad", "email", "xiaohongshu", "product_page")
GOALS = ("win_back", "launch", "second_purchase", "vip", "overstock", "sale_day")
TONES = {"en": ("warm", "calm", "playful"), "zh": ("温暖", "平静", "俏皮")}
OFFERS = (
    Offer(kind="percent", discount=0.15, code="HOME15"),
    Offer(kind="amount", discount=10, min_spend=50, code="TEN"),
    Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]),
    Offer(kind="free_shipping", code="SHIP"),
    Offer(kind="none"),
    Offer(kind="points", discount=200),
    Offer(kind="buy_x_get_y", tiers=[(2, 1)]),
)
LATIN, HAN = re.compile(r"[A-Za-z]{2,}"), re.compile(r"[\u4e00-\u9fff]")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--briefs", type=int, default=100)
    arguments.add_argument("--pairs", type=int, default=20, help="briefs that both loops write")
    arguments.add_argument("--part", choices=["drafts", "speed", "first"], help="only this part")
    arguments.add_argument("--keep", type=Path, help="a file for the drafts themselves, one JSON object a line")
    chosen = arguments.parse_args()
    parts = [chosen.part] if chosen.part else ["drafts", "speed", "first"]
    settings, path = at_hand()
    with tempfile.TemporaryDirectory() as folder, WriterServer(path, settings) as server:
        shops = [samples.build(name, Path(folder) / name) for name in samples.SAMPLES]
        asked = list(briefs(shops, chosen.briefs))
        if "drafts" in parts:
            drafts(asked, server.endpoint(), chosen.keep)
        if "speed" in parts:
            speed(asked[:: max(1, len(asked) // chosen.pairs)][: chosen.pairs], server.endpoint(), path)
        if "first" in parts:
            first(asked[:4], server, Path(folder))


@dataclass(frozen=True, slots=True)
class Asked:
    """A brief, its shop, and what its copy may say."""

    shop: Shop
    brief: Brief
    facts: Facts


def briefs(shops: list[Shop], count: int) -> Iterator[Asked]:
    """So many briefs: shops and languages by turns; channels, goals, offers and products as they come round."""
    products = [shop.table("products")["product_id"].tolist() for shop in shops]
    for number in range(count):
        at, language = number % len(shops), ("en", "zh")[number // 2 % 2]
        turn = number // 4
        several = turn % 5 == 4
        ids = [products[at][(turn * 7 + k * 3) % len(products[at])] for k in range(2 if several else 1)]
        begins = date(2026, 6, 1) + timedelta(days=turn)
        brief = Brief(
            goal=GOALS[(turn + number) % len(GOALS)],
            channel=CHANNELS[turn % len(CHANNELS)],
            language=language,
            product_ids=[] if turn % 7 == 6 else ids,
            tone=TONES[language][turn % 3],
            offer=OFFERS[(turn + at) % len(OFFERS)],
            starts_at=begins,
            ends_at=begins + timedelta(days=9),
        )
        yield Asked(shops[at], brief, facts(shops[at], brief))


# --- how many can be used ---


@dataclass(slots=True)
class Written:
    """What became of one brief."""

    asked: Asked
    slots: dict[str, str] | None = None  # None: every draw was refused, a template would stand in
    refused: list[list[str]] = field(default_factory=list)  # reasons, by draw
    seconds: float = 0.0

    @property
    def filled(self) -> dict[str, str]:
        return claims.fill(self.slots or {}, self.asked.facts)


def written(asked: Asked, endpoint: Endpoint) -> Written:
    """One draft as the app writes it, with the reason for every draw that was refused."""
    found, began = Written(asked), time.perf_counter()
    try:
        ask = model.asked(asked.brief, asked.facts, 0, SEED, NOTHING, ())
    except DraftFailed as problem:  # a message that has no room beside its offer
        found.refused.append([str(problem)])
        return found
    for redraw in range(model.REDRAWS + 1):
        try:
            slots = model.read("".join(_pieces(asked, ask, endpoint, SEED + redraw)), ask, asked.facts, NOTHING)
            reasons = model.objections(slots, ask, asked.facts, NOTHING, ())
        except model.Unfinished as problem:
            slots, reasons = {}, [f"form: {problem}"]
        if not reasons:
            found.slots = slots
            break
        found.refused.append(reasons)
    found.seconds = time.perf_counter() - began
    return found


def _pieces(asked: Asked, ask: model.Asked, endpoint: Endpoint, seed: int) -> Iterator[str]:
    return model.draw(endpoint, ask, asked.facts, seed, time.monotonic() + 600, 60)


def drafts(asked: list[Asked], endpoint: Endpoint, keep: Path | None) -> None:
    """Every brief once."""
    found = []
    for number, one in enumerate(asked):
        found.append(written(one, endpoint))
        print(f"{number + 1} of {len(asked)}", file=sys.stderr, end="\r")
        if keep:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_kept(found[-1]), ensure_ascii=False) + "\n")
    groups = {"all": found}
    groups |= {name: [one for one in found if one.asked.brief.language == name] for name in ("en", "zh")}
    groups |= {f"{name[:13]}": [one for one in found if one.asked.shop.path.name == name] for name in samples.SAMPLES}
    print("one draft of each brief" + "".join(f"{name:>15}" for name in groups))

    def line(name: str, count: object) -> None:
        print(f"  {name:<36}" + "".join(f"{count(one):>15}" for one in groups.values()))  # type: ignore[operator]

    line("briefs", len)
    line("usable as first drawn", lambda group: sum(not one.refused for one in group))
    line("draws that were refused", lambda group: sum(len(one.refused) for one in group))
    line("given up: a template stands in", lambda group: sum(one.slots is None for one in group))
    line(
        "answers in another form",
        lambda group: sum(r.startswith("form:") for one in group for d in one.refused for r in d),
    )
    print("  in the drafts that were taken, facts filled in")
    line("  figures that no fact has", lambda group: sum(len(wrong_figures(one)) for one in group))
    line("  sentences the fact check refuses", lambda group: sum(wrong_sentences(one) for one in group))
    line("  words in the wrong script", lambda group: sum(len(wrong_script(one)) for one in group))
    line("  parts over their length", lambda group: sum(len(over(one)) for one in group))
    line("median seconds", lambda group: f"{statistics.median(one.seconds for one in group):.1f}" if group else "-")
    reasons = Counter(_kind(reason) for one in found for draw in one.refused for reason in dict.fromkeys(draw))
    print("\nwhy draws were refused (one may have several reasons)")
    for reason, count in reasons.most_common(14):
        print(f"  {count:>4}  {reason}")
    print(flush=True)


def _is_form(draw: list[str]) -> bool:
    return any(reason.startswith("form:") for reason in draw)


def _kept(one: Written) -> dict:
    brief = one.asked.brief
    about = {"shop": one.asked.shop.path.name, "brief": brief.model_dump(mode="json"), "refused": one.refused}
    return about | {"slots": one.slots, "filled": one.filled, "seconds": round(one.seconds, 1)}


def _kind(reason: str) -> str:
    """A reason without what is special about this draft."""
    return re.sub(r"“[^”]*”|\"[^\"]*\"|\d+", "…", reason)[:100]


def wrong_figures(one: Written) -> list[str]:
    """Runs of digits in a taken draft that stand in none of its facts: a check that knows nothing of ours."""
    known = set(re.findall(r"\d+", " ".join(one.asked.facts.slots.values())))
    return [figure for text in one.filled.values() for figure in re.findall(r"\d+", text) if figure not in known]


def wrong_sentences(one: Written) -> int:
    """Claims of a taken draft that the check refuses once the facts stand in it as words."""
    language = one.asked.brief.language
    found = [claims.check_edited(text, one.asked.facts, language) for text in one.filled.values()]
    return sum(finding.verdict == "refused" for findings in found for finding in findings)


def wrong_script(one: Written) -> list[str]:
    """Latin words of a Chinese draft, or Chinese letters of an English one, outside the facts."""
    foreign = LATIN if one.asked.brief.language == "zh" else HAN
    return [word for text in (one.slots or {}).values() for word in foreign.findall(re.sub(r"\{\w+\}", "", text))]


def over(one: Written) -> list[str]:
    """Parts longer than their channel takes."""
    return [part for part, text in one.filled.items() if len(text) > one.asked.facts.limit(part)]


# --- how fast ---


@dataclass(frozen=True, slots=True)
class Pace:
    """One answer: seconds to its first token, tokens a second behind it, how many."""

    first: float
    per_second: float
    tokens: int


def _paced(pieces: Iterator[str]) -> tuple[Pace, str]:
    began, at, text = time.perf_counter(), [], ""
    with suppress(model.Unfinished):
        for piece in pieces:
            at.append(time.perf_counter())
            text += piece
    per_second = (len(at) - 1) / (at[-1] - at[0]) if len(at) > 1 else 0.0
    return Pace(at[0] - began, per_second, len(at)), text


def speed(asked: list[Asked], endpoint: Endpoint, path: Path) -> None:
    """The same prompts, grammar and seeds through the app's server and through a loop around the library itself."""
    bare = llama_cpp.Llama(
        str(path), n_ctx=files.CONTEXT_TOKENS, n_threads=THREADS, n_threads_batch=THREADS, verbose=False
    )
    ours: list[Pace] = []
    loop: list[Pace] = []
    warm: list[Pace] = []
    another: list[Pace] = []
    longer = []
    for number, one in enumerate(asked):
        try:
            ask = model.asked(one.brief, one.facts, 0, SEED, NOTHING, ())
        except DraftFailed:
            continue  # nothing is asked of the model
        for who in ("ours", "loop") if number % 2 else ("loop", "ours"):
            if who == "ours":
                pace, text = _paced(_pieces(one, ask, endpoint, SEED))
                ours.append(pace)
            else:
                loop.append(_paced(_bare(bare, ask, one.facts))[0])
        warm.append(_paced(_pieces(one, ask, endpoint, SEED + 1))[0])  # the very prompt that was read last
        other = model.asked(one.brief, one.facts, 1, SEED, NOTHING, ())
        another.append(_paced(_pieces(one, other, endpoint, SEED))[0])  # the brief's next draft: another angle
        with suppress(model.Unfinished):
            parts = dict(zip(one.facts.parts, model.readable(text, "lines").splitlines(), strict=False))
            longer.append(_tokens(bare, json.dumps(parts, ensure_ascii=False)) / max(1, _tokens(bare, text)))
        print(f"{number + 1} of {len(asked)}", file=sys.stderr, end="\r")

    def median(paces: list[Pace], what: str) -> float:
        return statistics.median(getattr(one, what) for one in paces)

    ratios = [one.per_second / other.per_second for one, other in zip(ours, loop, strict=True) if other.per_second]
    print(f"{len(asked)} prompts, medians                       app   bare loop")
    print(f"  tokens a second, behind the first  {median(ours, 'per_second'):>9.1f}{median(loop, 'per_second'):>12.1f}"
          f"   ratio {statistics.median(ratios):.2f} (quartiles {_quartiles(ratios)})")  # fmt: skip
    print(f"  tokens an answer                   {median(ours, 'tokens'):>9.0f}{median(loop, 'tokens'):>12.0f}"
          f"   as JSON {statistics.median(longer):.2f} times as many")  # fmt: skip
    print(f"  seconds to the first token: a new brief {median(ours, 'first'):.2f}, its next draft ", end="")
    print(f"{median(another, 'first'):.2f}, a prompt read before {median(warm, 'first'):.2f}\n", flush=True)


def _tokens(bare: llama_cpp.Llama, text: str) -> int:
    return len(bare.tokenize(text.encode(), add_bos=False))


def _quartiles(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.2f}-{high:.2f}"


def _bare(bare: llama_cpp.Llama, ask: model.Asked, told: Facts) -> Iterator[str]:
    grammar = llama_cpp.LlamaGrammar.from_string(ask.form.grammar, verbose=False)
    for chunk in bare.create_chat_completion(
        ask.chat,  # type: ignore[arg-type]
        grammar=grammar,
        temperature=model.TEMPERATURE,
        top_p=model.TOP_P,
        seed=SEED,
        max_tokens=model.answer_tokens(told.channel),
        stream=True,
    ):
        if piece := chunk["choices"][0]["delta"].get("content"):  # type: ignore[index,union-attr]
            yield piece


# --- the first draft on the screen ---


def first(asked: list[Asked], server: WriterServer, folder: Path) -> None:
    """From the click to the first words and the first draft that passed, by the command that the page runs."""
    print("seconds from asking for three drafts, by the command the page runs")
    print("  brief                     first words   first draft   the third   by the model")
    for one in asked:
        for is_read in (False, True):
            server.stop()
            endpoint = server.endpoint()
            if is_read and (reading := Ahead(lambda: server).read(one.shop, one.brief)):
                reading.join()
            name = f"{one.brief.language} {one.brief.channel}{', read before' if is_read else ', model just up'}"
            _command(name, one, endpoint, folder)


def _command(name: str, one: Asked, endpoint: Endpoint, folder: Path) -> None:
    brief = folder / "brief.json"
    brief.write_text(one.brief.model_dump_json(), encoding="utf-8")
    own = {"OFFERLAB_LLM_URL": endpoint.url, "OFFERLAB_LLM_KEY": endpoint.key}
    began, words, done, by_model = time.perf_counter(), 0.0, [], 0
    command = [sys.executable, "-m", "engine", "draft", "--brief", str(brief), "-n", "3", "--seed", "1"]
    with subprocess.Popen(
        [*command, "--shop", str(one.shop.path)], env={**os.environ, **own}, cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr
        for line in process.stderr:
            report = json.loads(line) if line.startswith("{") else {}
            if report.get("text"):
                words = words or time.perf_counter() - began
            if "done" in report:
                done.append(time.perf_counter() - began)
                by_model += report["done"]["writer"] == "model"
    print(f"  {name:<26}{words:>11.1f}{done[0]:>14.1f}{done[-1]:>12.1f}{by_model:>10}", flush=True)


if __name__ == "__main__":
    main()
