"""A grammar asked late: about the token that was drawn, and about all the others only where it refuses that one.

llama-cpp-python holds every token of the vocabulary against the grammar before each draw: some 40 ms of processor for a
vocabulary of 150,000, beside 100 ms for the model itself on two cores. llama.cpp's own programs draw first
(`common_sampler_sample` in its common/sampling.cpp), and so does this. What the grammar refuses is drawn again among
the tokens that it allows, so that a text keeps the form as strictly as before; but where the model itself would hardly
go on with any of those, the answer is ended. Words that only the form holds together read so.
"""

import ctypes
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp import _internals

LEAST = 0.01  # share of the model's own choices that its form must leave
TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class LateGrammar(_internals.LlamaSampler):
    """A chain of samplers with its grammar beside it instead of in it."""

    _grammar: Any = None

    def add_grammar(self, model: Any, grammar: Any) -> None:
        """Keeps the grammar out of the chain. Raises ValueError for one that cannot be read."""
        self._size = llama_cpp.llama_vocab_n_tokens(model.vocab)
        self._last = llama_cpp.llama_vocab_eos(model.vocab)
        rules, root = grammar._grammar.encode(), grammar._root.encode()
        self._grammar = llama_cpp.llama_sampler_init_grammar(model.vocab, rules, root)
        if not self._grammar:
            raise ValueError("the grammar cannot be read")
        self._exit_stack.callback(llama_cpp.llama_sampler_free, self._grammar)

    def sample(self, ctx: Any, idx: int = -1) -> int:
        """The next token."""
        token = super().sample(ctx, idx)
        if self._grammar is None:
            return token
        if not self.allows(token):
            token = self._drawn_among_allowed(llama_cpp.llama_get_logits_ith(ctx.ctx, idx))
            if token == self._last and not self.allows(token):
                return token  # nothing comes after it
        llama_cpp.llama_sampler_accept(self._grammar, token)
        return token

    def allows(self, token: int) -> bool:
        """Whether the text may go on with this token."""
        one = np.array([(token, 1.0, 0.0)], TOKEN)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(_array(one)))
        return bool(np.isfinite(one["logit"][0]))

    def _drawn_among_allowed(self, logits: Any) -> int:
        every = np.zeros(self._size, TOKEN)
        every["id"] = np.arange(self._size)
        every["logit"] = np.ctypeslib.as_array(logits, (self._size,))
        wished = np.exp(every["logit"] - every["logit"].max())
        found = _array(every)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(found))
        if wished[np.isfinite(every["logit"])].sum() < LEAST * wished.sum():
            return self._last
        llama_cpp.llama_sampler_apply(self.sampler, ctypes.byref(found))
        return int(found.data[found.selected].id)


def _array(tokens: np.ndarray) -> Any:
    """The tokens as llama.cpp takes them, in the same memory."""
    data = tokens.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
    return llama_cpp.llama_token_data_array(data, len(tokens), -1, False)


def ask_late() -> None:
    """From now on every model of this process asks its grammar late."""
    _internals.LlamaSampler = LateGrammar  # type: ignore[misc]
