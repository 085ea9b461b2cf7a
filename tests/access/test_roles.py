"""Who may do what."""

import os
import pwd

import pytest

from engine.access import roles
from engine.errors import DataProblem, NotAllowed

MATRIX = {
    "viewer": {"view"},
    "marketer": {"view", "draft", "submit", "export"},
    "approver": {"view", "draft", "submit", "export", "approve", "reject"},
    "admin": {"view", "draft", "submit", "export", "approve", "reject", "administer"},
}
ACTIONS = sorted(MATRIX["admin"])


@pytest.fixture
def config(tmp_path):
    lines = [f'{role}1 = "{role}"' for role in MATRIX]
    (tmp_path / "roles.toml").write_text("[people]\n" + "\n".join(lines) + '\n"王芳" = "approver"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("role", MATRIX)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_role_may_do_exactly_what_its_row_says(config, role, action):
    if action in MATRIX[role]:
        assert roles.require(f"{role}1", action, config) is None
    else:
        with pytest.raises(NotAllowed, match=f"{role}1 is a {role} and may not {action}"):
            roles.require(f"{role}1", action, config)


def test_a_person_who_is_not_listed_may_nothing(config):
    assert roles.role_of("eve", config) is None
    with pytest.raises(NotAllowed, match="eve is not in the list of people"):
        roles.require("eve", "view", config)


def test_without_a_roles_file_the_one_user_may_everything(tmp_path):
    assert roles.role_of("anyone", tmp_path) == "admin"
    for action in ACTIONS:
        roles.require("anyone", action, tmp_path)


def test_nobody_is_not_a_person(tmp_path):
    with pytest.raises(NotAllowed, match="name is empty"):
        roles.require(" \u200b", "view", tmp_path)


@pytest.mark.parametrize("spelling", ["Ana Li", " ana  LI ", "ana\u200b li", "ＡＮＡ ＬＩ"])
def test_one_person_has_one_key(spelling):
    assert roles.person_key(spelling) == "ana li"


def test_names_are_compared_by_person_and_may_be_chinese(config):
    assert roles.role_of(" MARKETER1", config) == "marketer"
    assert roles.role_of("王芳", config) == "approver"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[people", "cannot be read as TOML"),
        ("", r"write a section \[people\]"),
        ('people = "ana"', r"write a section \[people\]"),
        ('[people]\nana = "boss"', "ana has the role 'boss'; use one of viewer, marketer, approver, admin"),
        ("[people]\nana = 1", "ana has the role 1"),
        ('[people]\nana = "viewer"\nANA = "admin"', "ana, ANA name the same person"),
    ],
)
def test_a_broken_roles_file_is_a_sentence_and_no_open_door(tmp_path, content, sentence):
    (tmp_path / "roles.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DataProblem, match=sentence):
        roles.require("ana", "approve", tmp_path)


def test_the_os_user_comes_from_the_system_and_not_from_a_variable(monkeypatch):
    for name in ("LOGNAME", "USER", "USERNAME", "LNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert roles.os_user() == pwd.getpwuid(os.getuid()).pw_name


def test_an_account_without_a_name_still_has_one(monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert roles.os_user() == f"uid-{os.getuid()}"
