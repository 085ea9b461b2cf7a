"""Prompts that were read once are not read again by the next process of the model."""

import ctypes
import os
from types import SimpleNamespace

import numpy as np
import pytest

from engine.campaign.writer import kept

PROMPT, ANOTHER = list(range(1, 101)), [*range(1, 81), *range(500, 520)]  # 80 tokens in common


class FakeLlama:
    """Holds what it read as llama-cpp-python does, and counts it."""

    def __init__(self):
        self.input_ids, self.n_tokens, self.read = np.zeros(200, np.int32), 0, 0
        self.memory, self._requires_eval = b"", False
        self._ctx = SimpleNamespace(ctx=self)

    def generate(self, tokens):
        held = min(kept.shared(self.input_ids[: self.n_tokens], tokens), len(tokens) - 1)
        self.read = len(tokens) - held
        self.input_ids[: len(tokens)] = tokens
        self.n_tokens, self.memory = len(tokens), np.asarray(tokens, np.int32).tobytes()
        for token in (7, 8):
            yield token
            self.n_tokens += 1


def _size(context, sequence):
    return len(context.memory) + 20  # more than is written, as llama.cpp may say


def _get(context, to, size, sequence):
    ctypes.memmove(to, context.memory, len(context.memory))
    return len(context.memory)


def _set(context, at, size, sequence):
    context.memory = ctypes.string_at(at, size)
    return 0 if context.memory.startswith(b"bad") else size


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Starts a process of a model, which tells how many tokens of a prompt it reads."""
    functions = {"get_size": _size, "get_data": _get, "set_data": _set}
    fake = SimpleNamespace(**{f"llama_state_seq_{name}": value for name, value in functions.items()})
    monkeypatch.setattr(kept, "llama_cpp", fake)
    monkeypatch.setattr(kept, "SECONDS", -1.0)

    def start(model="m"):
        generate = kept._keeping(FakeLlama.generate, kept.Kept(tmp_path / "read", model))

        own = FakeLlama()

        def read(tokens, llama=own):
            assert list(generate(llama, tokens)) == [7, 8]
            return llama.read

        return read

    return start


def files(tmp_path):
    return sorted((tmp_path / "read").iterdir())


def test_the_next_process_reads_one_token_of_a_prompt_that_was_read_before(process, tmp_path):
    assert process()(PROMPT) == 100
    assert process()(PROMPT) == 1
    with np.load(files(tmp_path)[0]) as file:
        assert file["tokens"].tolist() == PROMPT and file["state"].tobytes() == np.array(PROMPT, np.int32).tobytes()


def test_another_brief_spares_what_it_shares_with_one_that_was_read(process):
    process()(PROMPT)
    assert process()(ANOTHER) == 20


def test_what_is_in_memory_anyway_is_not_loaded(process, monkeypatch):
    llama = FakeLlama()
    process()(PROMPT)
    running = process()
    assert running(PROMPT, llama) == 1
    monkeypatch.setattr(kept.llama_cpp, "llama_state_seq_set_data", None)  # would fail
    assert running(ANOTHER, llama) == 20


def test_what_is_read_quickly_is_not_kept(process, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "SECONDS", 60.0)
    process()(PROMPT)
    assert not (tmp_path / "read").exists()


def test_another_model_does_not_take_it(process):
    process("one")(PROMPT)
    assert process("another")(PROMPT) == 100


def test_the_files_used_longest_ago_go(process, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    process()(PROMPT)
    (first,) = files(tmp_path)
    os.utime(first, (1, 1))
    process()([number + 1000 for number in PROMPT])
    process()([number + 2000 for number in PROMPT])
    assert len(files(tmp_path)) == 2 and first not in files(tmp_path)


@pytest.mark.parametrize("size", [0, 5, 300, -9])
def test_a_file_that_was_cut_is_deleted_and_the_prompt_read(process, tmp_path, size):
    process()(PROMPT)
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    assert process()(PROMPT) == 100  # and kept anew
    assert process()(PROMPT) == 1


def test_a_state_that_the_model_refuses_is_deleted_and_the_prompt_read(process, tmp_path):
    (tmp_path / "read").mkdir()
    process()(PROMPT)
    (path,) = files(tmp_path)
    np.savez(path, tokens=np.array(PROMPT, np.int32), state=np.frombuffer(b"bad state", np.uint8))
    assert process()(PROMPT) == 100


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_next_reading(process, tmp_path):
    (tmp_path / "read").write_text("a file stands in the folder's place")
    assert process()(PROMPT) == process()(PROMPT) == 100
