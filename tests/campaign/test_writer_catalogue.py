"""Models beside the default one: named in models.toml, fetched from a hub, known by their hash, chosen."""

import hashlib
import json
from dataclasses import replace

import pytest

from engine.campaign.writer import catalogue, files, gguf, health, speed, whereabouts
from engine.campaign.writer.server import WriterServer
from engine.errors import ModelFileProblem
from tests.campaign import fake_hub
from tests.campaign.fake_hub import CONTENT, FILE, REPOSITORY, SMALL, FakeHub

NAME = f"{REPOSITORY}/{FILE}"


@pytest.fixture
def hub(settings):
    """hub(**how) -> (a hub on this machine, settings that look for models there)"""
    running = []

    def start(**how):
        running.append(FakeHub(**how))
        return running[-1], replace(settings, hub=running[-1].url)

    yield start
    for one in running:
        one.close()


def models_toml(settings, text: str):
    settings.config.mkdir(parents=True, exist_ok=True)
    catalogue.path(settings).write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- what a file says of itself


def test_name_context_template_and_memory_are_read_from_the_file(tmp_path):
    path = tmp_path / "small.gguf"
    path.write_bytes(CONTENT)
    header = gguf.header(path)
    assert (header.name, header.context, header.chat_template) == ("Small Instruct", 2048, "{{ messages }}")
    assert header.context_bytes == 2 * 2 * 4 * 2 * 8  # keys and values of 2 bytes, 4 layers, 2 heads of width 8
    assert gguf.context(path, 3072) == 2048 and gguf.context(path, 1024) == 1024
    assert gguf.memory(path, 100) == len(CONTENT) + 100 * header.context_bytes + gguf.BUFFERS


@pytest.mark.parametrize("length", [4, 8, 30, 100, len(CONTENT) - 1])
def test_a_header_that_is_cut_off_is_unreadable_and_the_context_stays_ours(tmp_path, length):
    path = tmp_path / "cut.gguf"
    path.write_bytes(CONTENT[:length])
    with pytest.raises(gguf.Unreadable):
        gguf.header(path)
    assert gguf.context(path, 3072) == 3072


def test_a_header_that_lies_about_lengths_is_unreadable(tmp_path):
    path = tmp_path / "lies.gguf"
    path.write_bytes(CONTENT.replace(b"\x08\x00\x00\x00\x03", b"\x08\x00\x00\x00\xff") + bytes(8))
    with pytest.raises(gguf.Unreadable):
        gguf.header(path)


def test_the_child_is_started_with_the_context_of_the_file(settings, tmp_path):
    path = tmp_path / "small.gguf"
    path.write_bytes(CONTENT)
    assert WriterServer(path, settings)._context == 2048


def test_a_file_without_a_chat_template_is_told(settings, tmp_path):
    path = tmp_path / "base.gguf"
    path.write_bytes(fake_hub.gguf({key: value for key, value in SMALL.items() if "template" not in key}))
    own = replace(settings, model=str(path))
    assert "no chat template" in files.verify(path, own).sentence
    assert any("no chat template" in sentence for sentence in health.writer_status(own)["advice"])
    assert "没有对话模板" in whereabouts.now(own).sentence.text("zh")


# ---------------------------------------------------------------- from the hub


def test_a_file_of_the_hub_is_fetched_checked_and_listed(hub):
    running, settings = hub()
    path = files.pull(NAME, settings=settings)
    assert path.read_bytes() == CONTENT
    (model,) = [one for one in files.listed(settings) if one.name == "small-instruct"]
    assert (model.state, model.publisher, model.licence, model.languages) == ("ok", "maple", "mit", ("en", "zh"))
    assert model.size == len(CONTENT) and model.memory > gguf.BUFFERS and not model.in_use
    assert running.asked[1][0].endswith(f"/resolve/0123abcd/{FILE}")  # the revision that was asked about
    files.pull("small-instruct", settings=settings)
    assert len(running.asked) == 2  # it is here


def test_a_stopped_fetch_from_the_hub_continues(hub):
    running, settings = hub()
    partial = files.folder(settings) / f"small-instruct-{hashlib.sha256(CONTENT).hexdigest()[:8]}.gguf.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT[:100])
    assert files.pull(NAME, settings=settings).read_bytes() == CONTENT
    assert running.asked[-1][1] == "bytes=100-"


def test_a_file_that_is_not_what_the_hub_said_is_refused_and_removed(hub):
    _, settings = hub(told={"lfs": {"sha256": "a" * 64, "size": len(CONTENT), "pointerSize": 134}})
    with pytest.raises(ModelFileProblem) as problem:
        files.pull(NAME, settings=settings)
    found = hashlib.sha256(CONTENT).hexdigest()
    for told in (str(files.folder(settings)), found, "a" * 64, "model pull small-instruct", "removed"):
        assert told in str(problem.value)
    assert [path.suffix for path in files.folder(settings).iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("how", "name", "told"),
    [
        ({"status": 401}, NAME, "signed in"),
        ({"status": 404}, NAME, "does not know"),
        ({"status": 500}, NAME, "HTTP 500"),
        ({"told": {"lfs": None}}, NAME, "no size and SHA-256"),
        ({"told": {"lfs": {"sha256": "../x", "size": 3}}}, NAME, "no size and SHA-256"),
        ({}, f"{REPOSITORY}/other.gguf", f"It has: {FILE}"),
        ({}, f"{REPOSITORY}/big-00001-of-00003.gguf", "several pieces"),
        ({}, "maple/../x.gguf", "no model called"),
        ({}, "nothing", "Known: default"),
    ],
)
def test_what_the_hub_cannot_give_is_refused_with_the_reason(hub, how, name, told):
    _, settings = hub(**how)
    with pytest.raises(ModelFileProblem, match=told) as problem:
        files.pull(name, settings=settings)
    assert problem.value.text("zh") != str(problem.value)
    assert not catalogue.path(settings).exists()


def test_a_hub_that_is_not_reached_says_so(settings):
    with pytest.raises(ModelFileProblem, match="Is this machine online"):
        files.pull(NAME, settings=replace(settings, hub="http://127.0.0.1:9"))


# ---------------------------------------------------------------- models.toml


def test_the_chosen_model_writes_and_the_default_can_be_chosen_back(hub):
    _, settings = hub()
    path = files.pull(NAME, settings=settings)
    catalogue.choose(settings, "small-instruct")
    assert files.locate(settings) == path
    assert [one.name for one in files.listed(settings) if one.in_use] == ["small-instruct"]
    assert whereabouts.now(settings).sentence.text() == f"{path.name}: not started yet."
    catalogue.choose(settings, "default")
    assert files.locate(settings) is None
    with pytest.raises(ModelFileProblem, match="no model called 'huge'"):
        catalogue.choose(settings, "huge")


def test_a_chosen_model_that_is_gone_or_changed_is_said(hub):
    _, settings = hub()
    path = files.pull(NAME, settings=settings)
    catalogue.choose(settings, "small-instruct")
    path.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(ModelFileProblem, match="not the file we trust"):
        files.locate(settings)
    path.unlink()
    with pytest.raises(ModelFileProblem, match="model pull small-instruct"):
        files.locate(settings)


def test_what_people_wrote_in_models_toml_stays(hub):
    _, settings = hub()
    models_toml(settings, "# our models\n")
    files.pull(NAME, settings=settings)
    files.pull(NAME, settings=settings)
    text = catalogue.path(settings).read_text("utf-8")
    assert text.startswith("# our models\n") and text.count("[[model]]") == 1


RIGHT = {"name": "big", "url": "https://models.invalid/big.gguf", "sha256": "b" * 64, "size": 5, "licence": "mit"}


def entry(**changes) -> str:
    values = {key: value for key, value in (RIGHT | changes).items() if value is not None}
    return "[[model]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def test_a_model_that_people_name_is_listed(settings):
    models_toml(settings, entry())
    assert [one.name for one in files.listed(settings)] == ["default", "big"]
    assert files.trusted("big", catalogue.known(settings)).repository_url == RIGHT["url"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("use = 'nobody'", "names none of its models"),
        ("use =", "models.toml is not right"),
        (entry(sha256="B" * 63), "model.1.sha256"),
        (entry(sha256=None), "model.1.sha256"),
        (entry(size=0), "model.1.size"),
        (entry(url="file:///etc/passwd"), "model.1.url"),
        (entry(url=None), "either url"),
        (entry(url=None, repository="a/b", file="../../x.gguf"), "model.1.file"),
        (entry(name="default"), "comes with Offerlab"),
        (entry(colour="red"), "model.1.colour"),
        (entry() + entry(), "big is named twice"),
    ],
)
def test_a_models_toml_that_is_wrong_is_refused_with_the_place(settings, text, told):
    models_toml(settings, text)
    with pytest.raises(ModelFileProblem, match=told) as problem:
        files.locate(settings)
    assert str(catalogue.path(settings)) in str(problem.value)


# ---------------------------------------------------------------- where it runs, and how fast


def test_the_line_about_the_writer_says_model_place_and_speed(settings):
    path = files.folder(settings) / files.trusted("default").filename
    fake_hub.sparse(path, files.trusted("default").size)
    remembered = {"size": path.stat().st_size, "mtime_ns": path.stat().st_mtime_ns}
    remembered["sha256"] = files.trusted("default").sha256
    (path.parent / "checked.json").write_text(json.dumps({str(path): remembered}))
    log = settings.cache / "logs" / "writer.log"
    log.parent.mkdir(parents=True)
    assert whereabouts.now(settings).sentence.text() == f"The basic writer ({path.name}): not started yet."
    log.write_text("nothing of a card")
    for speed_seen in (10.0, 30.0, 20.0):
        speed.note(settings, path.name, path.name, speed_seen)
    assert whereabouts.now(settings).sentence.text() == (
        f"The basic writer ({path.name}): on the processor, 20 tokens a second in the last drafts."
    )
    log.write_text("load_tensors: offloaded 12/29 layers to GPU\n")
    assert "29 层中有 12 层在显卡上" in whereabouts.now(settings).sentence.text("zh")
    assert whereabouts.now(settings).sentence.text("zh").startswith("基础写手")


def test_a_server_elsewhere_is_called_by_its_models_name(settings):
    elsewhere = replace(settings, llm_url="http://gpu:8000")
    assert whereabouts.now(elsewhere).sentence.text() == "http://gpu:8000: a server elsewhere."
    speed.note(settings, "http://gpu:8000", "big-instruct", 90.0)
    speed.note(settings, "other.gguf", "other.gguf", 3.0)
    assert whereabouts.now(elsewhere).sentence.text() == (
        "big-instruct: a server elsewhere, 90 tokens a second in the last drafts."
    )
