"""Prompts that were read once on this machine, kept as files: no later process of the model reads them again.

Reading 280 tokens takes 14 s on two slow cores, loading what was read some hundredths of one. Most of a prompt is the
same for every brief of a channel, and a brief is often drafted again after a break or a crash.
"""

import contextlib
import ctypes
import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

SECONDS = 1.0  # of reading that are worth a file
GAIN = 32  # tokens that a file must spare
MOST = 16  # files: of the default model some 8 MB each


class Kept:
    """The files of a folder: tokens that were read, and what the model's memory held behind them.

    Any beginning that a prompt shares with one is spared. `model` tells apart models and versions of llama.cpp, whose
    memories differ.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._key = hashlib.sha256(model.encode()).hexdigest()[:16]

    def recall(self, llama: Any, tokens: Sequence[int]) -> None:
        """Puts into the model's memory what was kept of this prompt, where that spares more than it holds anyway."""
        held = shared(llama.input_ids[: llama.n_tokens], tokens)
        spared, path = max(self._spared(tokens), default=(0, Path()))
        if spared < held + GAIN:
            return
        with _unusable_goes(path), np.load(path) as file:
            read, state = file["tokens"], file["state"]
            llama.n_tokens = 0  # nothing is held of a state that does not fit
            if not llama_cpp.llama_state_seq_set_data(llama._ctx.ctx, _bytes(state), state.nbytes, 0):
                raise ValueError("not a state of this model")
            llama.input_ids[: len(read)] = read
            llama.n_tokens, llama._requires_eval = len(read), True
            os.utime(path)

    def keep(self, llama: Any, tokens: Sequence[int]) -> None:
        """Keeps what the model's memory holds, this prompt, and no more files than there should be."""
        context, read = llama._ctx.ctx, np.asarray(tokens, np.int32)
        state = np.zeros(llama_cpp.llama_state_seq_get_size(context, 0), np.uint8)
        size = llama_cpp.llama_state_seq_get_data(context, _bytes(state), state.nbytes, 0)
        name = f"{self._key}-{hashlib.sha256(read.tobytes()).hexdigest()[:24]}"
        with contextlib.suppress(OSError):  # a full disk costs the next reading, and nothing else
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f"{name}.{os.getpid()}.part"
            with partial.open("wb") as file:
                np.savez(file, tokens=read, state=state[:size])
            os.replace(partial, self._folder / f"{name}.npz")
            for path in sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST]:
                path.unlink(missing_ok=True)

    def _spared(self, tokens: Sequence[int]) -> Iterator[tuple[int, Path]]:
        """How many tokens of this prompt each file spares."""
        for path in sorted(self._folder.glob(f"{self._key}-*.npz")):
            with _unusable_goes(path), np.load(path) as file:
                yield shared(file["tokens"], tokens), path


def keep_prompts(folder: Path, model: str) -> None:
    """From now on what the models of this process read slowly is kept in the folder, and recalled from it."""
    llama_cpp.Llama.generate = _keeping(llama_cpp.Llama.generate, Kept(folder, model))  # type: ignore[method-assign]


def _keeping(generate: Callable[..., Iterator[int]], kept: Kept) -> Callable[..., Iterator[int]]:
    def generating(llama: Any, tokens: Sequence[int], *arguments: Any, **options: Any) -> Iterator[int]:
        kept.recall(llama, tokens)
        began = time.monotonic()
        with contextlib.closing(generate(llama, tokens, *arguments, **options)) as drawn:  # type: ignore[type-var]
            for token in drawn:
                if llama.n_tokens == len(tokens) and time.monotonic() - began > SECONDS:
                    kept.keep(llama, tokens)  # behind the first token only, where no other was read yet
                yield token

    return generating


def shared(one: Sequence[int] | np.ndarray, other: Sequence[int] | np.ndarray) -> int:
    """How many tokens both begin with.

    >>> shared([5, 6, 7], [5, 6, 8, 9])
    2
    """
    size = min(len(one), len(other))
    differ = np.flatnonzero(np.asarray(one[:size]) != np.asarray(other[:size]))
    return int(differ[0]) if len(differ) else size


@contextlib.contextmanager
def _unusable_goes(path: Path) -> Iterator[None]:
    """Deletes a file that cannot be used; the prompt is then read as if there were none."""
    try:
        yield
    except FileNotFoundError:  # another process of the model just deleted it
        return
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _bytes(state: np.ndarray) -> Any:
    return state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
