"""The model reads a brief before a draft is asked for, and asks its grammar about the tokens it draws."""

from types import SimpleNamespace

import pytest

from engine import settings as environment
from engine.campaign.writer import files, prompt
from engine.campaign.writer.ahead import Ahead
from engine.campaign.writer.facts import facts
from engine.errors import DraftFailed
from tests.campaign.fake_writer import GOOD, FakeServer, FakeShop, brief, drawn


class Running:
    """A model's server that runs, and what it says of itself."""

    def __init__(self, fake, **pulse):
        self.fake, self.said = fake, pulse

    def endpoint(self):
        if self.fake is None:
            raise DraftFailed("it does not start")
        return self.fake.endpoint()

    def pulse(self, timeout):
        return self.said


@pytest.fixture
def fake():
    running = FakeServer(GOOD)
    yield running
    running.close()


def read(ahead, **changes):
    thread = ahead.read(FakeShop(), brief(**changes))
    if thread:
        thread.join(10)
        assert not thread.is_alive()
    return thread


def test_what_is_read_ahead_is_what_the_first_draft_is_asked_with(fake):
    read(Ahead(lambda: Running(fake)))
    drawn(fake.endpoint())
    ahead, draft = fake.requests
    assert ahead["messages"] == draft["messages"] and ahead["grammar"] == draft["grammar"]


def test_a_brief_is_read_once_and_another_one_anew(fake):
    ahead = Ahead(lambda: Running(fake))
    assert read(ahead) and read(ahead) is None and read(ahead, goal="vip")
    assert len(fake.requests) == 2


@pytest.mark.parametrize("busy", [{"writing": 1}, {"waiting": 2}])
def test_whoever_drafts_goes_first_and_the_brief_is_read_another_time(fake, busy):
    running = Running(fake, **busy)
    ahead = Ahead(lambda: running)
    read(ahead)
    assert not fake.requests
    running.said = {"writing": 0, "waiting": 0}
    read(ahead)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("server", [None, Running(None)])
def test_without_a_model_or_with_one_that_does_not_start_nothing_happens(server):
    assert read(Ahead(lambda: server)) is not None


def test_a_brief_that_names_no_product_of_the_shop_is_not_read(fake):
    read(Ahead(lambda: Running(fake)), product_ids=["gone"])
    assert not fake.requests


# ---------------------------------------------------------------- the grammar, asked late


@pytest.fixture(scope="module")
def vocabulary():
    """The default model's words without its weights."""
    real = environment.read({})
    if files.verify("default", real).state != "ok":
        pytest.skip(f"the default model is not at {files.folder(real)}: run `python -m engine model pull default`")
    llama_cpp = pytest.importorskip("llama_cpp")
    return llama_cpp.Llama(str(files.verify("default", real).path), vocab_only=True, verbose=False)


class Scored:
    """What a model that has read a text thinks of the next token."""

    def __init__(self, vocabulary, likely):
        import llama_cpp

        size = llama_cpp.llama_vocab_n_tokens(vocabulary._model.vocab)
        self.scores = (llama_cpp.ctypes.c_float * size)(*([-20.0] * size))
        for text, score in likely.items():
            (token,) = vocabulary.tokenize(text.encode(), add_bos=False)
            self.scores[token] = score


@pytest.mark.model
@pytest.mark.parametrize(("likely", "drawn"), [(6.0, "Soft"), (2.0, "the end: the model would hardly go on so")])
def test_a_token_the_grammar_refuses_is_drawn_again_among_those_it_allows(vocabulary, monkeypatch, likely, drawn):
    import llama_cpp
    from llama_cpp import _internals

    from engine.campaign.writer.sampling import LateGrammar

    shop_facts = facts(FakeShop(), brief())
    grammar = llama_cpp.LlamaGrammar.from_string(prompt.grammar(shop_facts).replace('"Body: " ', ""), verbose=False)
    sampler = LateGrammar()
    sampler.add_grammar(vocabulary._model, grammar)
    sampler.add_top_k(40)
    sampler.add_temp(0.6)
    sampler.add_dist(7)
    (figure,) = vocabulary.tokenize(b"5", add_bos=False)
    monkeypatch.setattr(_internals.LlamaSampler, "sample", lambda self, ctx, idx=-1: figure)
    scored = Scored(vocabulary, {"5": 9.0, "Soft": likely})
    monkeypatch.setattr(llama_cpp, "llama_get_logits_ith", lambda ctx, idx: scored.scores)
    assert not sampler.allows(figure)
    token = sampler.sample(SimpleNamespace(ctx=None))
    if drawn == "Soft":
        assert vocabulary.detokenize([token]) == b"Soft"
        assert not sampler.allows(vocabulary.tokenize(b".", add_bos=False)[0])  # a sentence has three words at least
    else:
        assert token == vocabulary.token_eos()


@pytest.mark.model
def test_a_grammar_that_cannot_be_read_is_an_error_and_no_free_text(vocabulary):
    from engine.campaign.writer.sampling import LateGrammar

    with pytest.raises(ValueError, match="grammar"):
        LateGrammar().add_grammar(vocabulary._model, SimpleNamespace(_grammar="root ::= (", _root="root"))
