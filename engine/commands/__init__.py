"""The command line: one subcommand per question, on the same functions as the pages; a file per subject.

What every command uses is here.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click
import pandas as pd

from engine import settings as environment
from engine.errors import AppError, DataProblem, StoreProblem
from engine.sentences import Sentence
from engine.shop import store
from engine.shop.store import Shop


class Refusing(click.Group):
    """Turns every AppError into its sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AppError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)


@contextmanager
def refusals_in(language: str) -> Iterator[None]:
    """What is refused inside is said in this language."""
    try:
        yield
    except AppError as error:
        raise AppError(error.texts(language)) from error


@click.group(cls=Refusing, help=__doc__)
def main() -> None:
    # Windows consoles and cron may say otherwise; names in Chinese must not end a run.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]


def shop_option(command: Callable) -> Callable:
    return click.option(
        "--shop", "shop_dir", type=click.Path(path_type=Path), help="Shop folder; default $OFFERLAB_SHOP."
    )(command)


def seed_option(command: Callable) -> Callable:
    return click.option("--seed", default=0, show_default=True)(command)


def in_a_folder(path: Path) -> Path:
    """The path of a file to write. Raises DataProblem where its folder is not there: one made for a slip of the pen
    would hold the file where nobody looks for it."""
    if not path.parent.is_dir():
        raise DataProblem(Sentence("refused.no_folder", {"folder": path.parent}))
    return path


class ToWrite(click.Path):
    """A file that a command writes; refused before it does anything."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path: Any = super().convert(value, param, ctx)
        return in_a_folder(path)


def out_option(command: Callable) -> Callable:
    return click.option("--out", required=True, type=ToWrite(), help="File to write.")(command)


def shop_at(shop_dir: Path | None) -> Shop:
    folder = shop_dir or environment.read().shop
    if folder is None:
        raise StoreProblem("Which shop? Say --shop DIR or set OFFERLAB_SHOP.")
    return store.open_shop(folder)


def on_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DataProblem(f"--as-of is {text!r}; a date such as 2026-03-31 is needed.") from error


def progress(share: float, message: str) -> None:
    click.echo(json.dumps({"progress": round(share, 3), "message": message}, ensure_ascii=False), err=True)


def print_json(content: object) -> None:
    plain = json.loads(json.dumps(content, default=_plain), parse_constant=lambda _: None)  # NaN is no JSON
    click.echo(json.dumps(plain, indent=1, ensure_ascii=False))


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def write_csv(frame: pd.DataFrame, out: Path) -> None:
    store.replace_file(Path(out), frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))
