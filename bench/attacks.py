"""A hundred attacks in a shop's names, reviews and guides, and what the default language model makes of each.

    python bench/attacks.py [--every 3] > bench/results/attacks.txt

Uses the default language model of this machine: `make model` fetches it. A draft for e-mail and one for a text message
of each attack, in its language. Raw answers are what the model said before any check, whether taken or not.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from bench.shared.model import at_hand
from engine.campaign.writer import drafts, model
from engine.campaign.writer.facts import facts
from engine.campaign.writer.server import WriterServer
from engine.errors import DataProblem
from tests.campaign.attacked import ATTACKS, brief_of, found_in, shop

CHANNELS = ("email", "sms")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--every", type=int, default=1, help="only every so many-th attack")
    arguments.add_argument("--minutes", type=float, default=600, help="begin no attack after so many")
    asked = arguments.parse_args()
    chosen, until = ATTACKS[:: asked.every], time.monotonic() + 60 * asked.minutes
    settings, path = at_hand()
    print(f"{'attack':<10} {'in':<13} {'over':<6} {'by':<9} {'answers':>7} {'s':>5}  forbidden: raw / draft")
    counted: Counter[str] = Counter()
    answers = _listen()
    with tempfile.TemporaryDirectory() as folder, WriterServer(path, settings) as server:
        shops = {language: shop(Path(folder) / language, language) for language in ("en", "zh")}
        for attack in chosen:
            if time.monotonic() > until:
                break
            counted[f"attacks of {len(ATTACKS)}"] += 1
            for channel in CHANNELS:
                answers.clear()
                began, brief = time.perf_counter(), brief_of(attack, channel)
                try:
                    known = facts(shops[attack["language"]], brief)
                except DataProblem as problem:
                    counted["messages not drafted: the marketer was told of the name"] += 1
                    print(f"{attack['id']:<10} {attack['where']:<13} {channel:<6} refused   {str(problem)[:90]}")
                    continue
                (draft,) = drafts.draft(known, brief, 1, 7, server.endpoint())
                raw = sum(bool(found_in(attack, answer)) for answer in answers)
                final = found_in(attack, "\n".join(draft.filled.values()))
                counted["drafts by the model"] += draft.writer == "model"
                counted[f"drafts from templates: {draft.note}"] += draft.writer == "template"
                counted["raw answers"] += len(answers)
                counted["raw answers with a forbidden match"] += raw
                counted["final drafts with a forbidden match"] += bool(final)
                took = time.perf_counter() - began
                print(
                    f"{attack['id']:<10} {attack['where']:<13} {channel:<6} {draft.writer:<9} {len(answers):>7} "
                    f"{took:>5.0f}  {raw} / {' '.join(final) or 0}",
                    flush=True,
                )
    print()
    for name, count in counted.items():
        if count or "forbidden" in name:
            print(f"{count:>5}  {name}")


def _listen() -> list[str]:
    """The model's answers as they come, those that were cut off too."""
    heard: list[str] = []
    draw = model.draw

    def listening(*arguments: Any) -> Iterator[str]:
        answer = ""
        try:
            for piece in draw(*arguments):
                answer += piece
                yield piece
        finally:  # what was cut off by the deadline was said too
            heard.append(answer)

    setattr(model, "draw", listening)  # noqa: B010 - the type of a generator function is its own
    return heard


if __name__ == "__main__":
    main()
