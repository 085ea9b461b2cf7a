"""Would I send it? Drafts of the default model beside those from templates, read blind against a written rubric.

    python bench/send_it.py                       the table, from the readings that are kept beside it
    python bench/send_it.py sheet DRAFTS.jsonl    a new sheet of the first 40 briefs of `bench/drafts.py --keep`

The sheet (bench/results/send_it/sheet.jsonl) holds a brief and two texts a line, in an order drawn by lot; which is
which stands in key.json, and no reader is shown that. Every reader leaves a file ratings.NAME.jsonl with a line for
each text: {"id", "text": "a" or "b", "point", "voice", "filler", "words", "send"}, each of these true or false.

The rubric, for a text as a customer of that shop would get it:
  point   says something of this product or shop that fits goal and channel, and nothing that is beside it
  voice   reads as a careful marketer of this shop would write, in the tone asked for
  filler  has no phrase that could stand in any message of any shop
  words   has no strange word, no broken grammar, no letters or names where a word belongs, no title that breaks off
  send    I would send it as it is
"""

import json
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from engine.campaign import claims
from engine.campaign.plan import Brief
from engine.campaign.writer import template
from engine.campaign.writer.facts import facts
from engine.shop import samples

KEPT = Path(__file__).parent / "results" / "send_it"
BRIEFS, SEED = 40, 7
QUESTIONS = ("point", "voice", "filler", "words", "send")


def main() -> None:
    if sys.argv[1:2] == ["sheet"]:
        sheet(Path(sys.argv[2]))
    else:
        table()


def sheet(drafts: Path) -> None:
    """The sheet and its key, from the drafts that the model wrote."""
    lines = [json.loads(line) for line in drafts.read_text("utf-8").splitlines()][:BRIEFS]
    lot, pairs, key = random.Random(SEED), [], {}
    with tempfile.TemporaryDirectory() as folder:
        shops = {name: samples.build(name, Path(folder) / name) for name in samples.SAMPLES}
        for number, line in enumerate(lines):
            brief = Brief.model_validate(line["brief"])
            told = facts(shops[line["shop"]], brief)
            texts = {"model": line["filled"], "template": claims.fill(template.write(brief, told, 0), told)}
            order = ["model", "template"] if lot.random() < 0.5 else ["template", "model"]
            key[str(number)] = dict(zip("ab", order, strict=True)) | {"language": brief.language}
            about = {
                "shop": told.slots["shop"],
                "products": [[one.name, one.category, one.description] for one in told.products],
                "facts": dict(told.slots),
                "asked": {"channel": brief.channel, "goal": brief.goal, "tone": brief.tone},
            }
            pairs.append(
                {"id": number, **about, **{ab: texts[who] or None for ab, who in zip("ab", order, strict=True)}}
            )
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "sheet.jsonl").write_text(
        "\n".join(json.dumps(one, ensure_ascii=False) for one in pairs) + "\n", encoding="utf-8"
    )
    (KEPT / "key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")


def table() -> None:
    """How many texts have each thing the rubric asks for: by language and writer, by each reader and by all."""
    key = json.loads((KEPT / "key.json").read_text("utf-8"))
    files = sorted(KEPT.glob("ratings.*.jsonl"))
    yes: dict[tuple, list[bool]] = defaultdict(list)
    for path in files:
        for line in path.read_text("utf-8").splitlines():
            rating = json.loads(line)
            own = key[str(rating["id"])]
            for question in QUESTIONS:
                for reader in (path.stem.split(".")[1], "all"):
                    yes[own["language"], own[rating["text"]], reader, question].append(rating[question])
    print(f"Would I send it? {len(key)} briefs, {len(files)} blind readers; of the texts each writer gave, how many")
    print(f"{'language':10}{'writer':10}{'reader':10}" + "".join(f"{one:>12}" for one in QUESTIONS))
    for language, writer, reader in sorted({one[:3] for one in yes}):
        cells = (yes[language, writer, reader, question] for question in QUESTIONS)
        counts = "".join(f"{f'{sum(cell)} of {len(cell)}':>12}" for cell in cells)
        print(f"{language:10}{writer:10}{reader:10}{counts}")


if __name__ == "__main__":
    main()
