"""The rules of the house, read from the source: who may import whom, and one place for each thing.

Each rule is a function (path, tree) -> problems. BROKEN holds a snippet for every rule that it must object to.
"""

import ast
import functools
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
Rule = Callable[[PurePosixPath, ast.Module], list[str]]

ROOMS = ("shop", "audience", "campaign", "decision", "outcome")  # a room may import those before it
SUPPORT = {
    "model",
    "terms",
    "errors",
    "settings",
    "jobs",
    "privacy",
    "access",
    "sentences",
}  # every room may import these

NAMES_WITHOUT_AN_IDEA = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
CODE_IN_DATA = {"pickle", "cPickle", "_pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}

# Who may look at the environment, and why.
READS_ENVIRONMENT = {
    "engine/settings.py",  # the one place
    "engine/jobs/processes.py",  # hands it on to the work it starts
    "engine/campaign/writer/server.py",  # hands a part of it on to the language model
    "engine/campaign/writer/child.py",  # is that child: told by it who its parent is
    "engine/campaign/writer/sources.py",  # hands it on to pip
}
# Who may look at the clock: commands and pages; everyone else is told the time.
READS_CLOCK = ("engine/__main__.py", "engine/commands", "engine/jobs", "dashboard")


def files() -> list[PurePosixPath]:
    """Every Python file of the product."""
    found = [path for top in ("engine", "dashboard") for path in (ROOT / top).rglob("*.py")]
    return sorted(PurePosixPath(path.relative_to(ROOT).as_posix()) for path in found)


@functools.cache  # by every rule, and no rule changes what it reads
def parse(path: PurePosixPath) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted name of everything imported anywhere in the file, inside functions too; relative ones start with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.split(".")[0]


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain of plain names, '' for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


# --- the rules ---


def rooms_import_leftwards(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if path.parts[0] != "engine" or path.stem in ("__main__", "doctor") or path.parts[1] == "commands":
        return []
    here = path.parts[1].removesuffix(".py")
    allowed = {here, *SUPPORT} | (set(ROOMS[: ROOMS.index(here)]) if here in ROOMS else set())
    used = {name.split(".")[1] for name in imports(tree) if name.startswith("engine.")}
    return [f"{here} may not import engine.{room}" for room in sorted(used - allowed)]


def engine_knows_no_page(path: PurePosixPath, tree: ast.Module) -> list[str]:
    banned = {"dashboard", "streamlit", "plotly"}
    used = {top(name) for name in imports(tree)}
    return [f"engine may not import {name}" for name in sorted(used & banned)] if path.parts[0] == "engine" else []


def imports_are_absolute(path: PurePosixPath, tree: ast.Module) -> list[str]:
    return [f"relative import {name}" for name in imports(tree) if name.startswith(".")]


def only_samples_imports_sample_data(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if str(path) == "engine/shop/samples.py":
        return []
    return ["imports sample_data" for name in imports(tree) if top(name) == "sample_data"]


def caching_is_in_cache(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if str(path).startswith("dashboard/cache/"):
        return []
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | set(imports(tree))
    return [f"uses {name}" for name in sorted(used) if re.match(r"(st|streamlit)\.cache_", name)]


def state_is_in_state(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if str(path) == "dashboard/state.py":
        return []
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | set(imports(tree))
    return [f"uses {name}" for name in sorted(used) if re.match(r"(st|streamlit)\.session_state", name)]


def charts_are_in_charts(path: PurePosixPath, tree: ast.Module) -> list[str]:
    used = {top(name) for name in imports(tree)}
    if str(path).startswith("dashboard/charts/"):
        return ["charts know no Streamlit"] if "streamlit" in used else []
    return ["imports plotly"] if "plotly" in used else []


def environment_is_in_settings(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if str(path) in READS_ENVIRONMENT:
        return []
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | set(imports(tree))
    banned = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
    return [f"uses {name}" for name in sorted(used & banned)]


def the_clock_is_passed_in(path: PurePosixPath, tree: ast.Module) -> list[str]:
    if str(path).startswith(READS_CLOCK):
        return []
    calls = {dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    pattern = r"(.*\.)?(date|datetime|Timestamp)\.(today|now|utcnow)$|time\.(time|localtime|gmtime)$"
    return [f"calls {name}()" for name in sorted(calls) if re.match(pattern, name)]


def no_code_from_data(path: PurePosixPath, tree: ast.Module) -> list[str]:
    problems = [f"imports {name}" for name in imports(tree) if top(name) in CODE_IN_DATA]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in ("eval", "exec", "compile") or name.endswith((".eval", ".read_pickle", ".to_pickle")):
                problems.append(f"calls {name}")
            for keyword in node.keywords:
                is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg in ("unsafe_allow_html", "allow_pickle") and not is_false:
                    problems.append(f"passes {keyword.arg}")
    return problems


def names_hold_an_idea(path: PurePosixPath, tree: ast.Module) -> list[str]:
    return [f"{part} says nothing" for part in (*path.parts[:-1], path.stem) if part in NAMES_WITHOUT_AN_IDEA]


def nothing_is_left_to_do(path: PurePosixPath, tree: ast.Module) -> list[str]:
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    unfinished = [one for one in raised if "NotImplementedError" in ast.unparse(one)]
    swallowed = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in ("Exception", "BaseException"))
        and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    return ["raises NotImplementedError"] * bool(unfinished) + ["swallows every exception"] * bool(swallowed)


def functions_are_short(path: PurePosixPath, tree: ast.Module) -> list[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    return [f"{name} has {size} lines" for name, size in sizes.items() if size > 60]


def decisions_speak_both_languages(path: PurePosixPath, tree: ast.Module) -> list[str]:
    """What a decision refuses is read on a page: a Sentence has both languages, a text has one."""
    if not str(path).startswith("engine/decision/"):
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    raised = [
        node for node in calls if dotted(node.func) in ("NotAllowed", "StoreProblem", "DataProblem", "NotEnoughData")
    ]
    in_english = [node for node in raised if isinstance(node.args[0], ast.JoinedStr | ast.Constant)]
    return [f"says {ast.unparse(node.args[0])}" for node in in_english]


BROKEN: list[tuple[Rule, str, str]] = [
    (decisions_speak_both_languages, "engine/decision/export/files.py", "raise StoreProblem(f'{path} is a folder')"),
    (rooms_import_leftwards, "engine/shop/store.py", "from engine.campaign import forecast"),
    (rooms_import_leftwards, "engine/shop/store.py", "from engine import campaign"),
    (rooms_import_leftwards, "engine/audience/rfm.py", "def f():\n    import engine.decision.ledger"),
    (rooms_import_leftwards, "engine/model/fit.py", "from engine.shop import store"),
    (rooms_import_leftwards, "engine/terms.py", "from engine.shop.store import Shop"),
    (rooms_import_leftwards, "engine/campaign/plan.py", "from engine import doctor"),
    (engine_knows_no_page, "engine/terms.py", "import plotly.graph_objects as go"),
    (engine_knows_no_page, "engine/shop/store.py", "def f():\n    from streamlit import cache_data"),
    (engine_knows_no_page, "engine/doctor.py", "from dashboard import text"),
    (imports_are_absolute, "engine/shop/store.py", "from . import tables"),
    (only_samples_imports_sample_data, "engine/__main__.py", "from sample_data import demo"),
    (caching_is_in_cache, "dashboard/views/today.py", "import streamlit as st\n@st.cache_data\ndef f(): return 1"),
    (caching_is_in_cache, "dashboard/app.py", "from streamlit import cache_resource"),
    (state_is_in_state, "dashboard/views/today.py", "import streamlit as st\nst.session_state['plan'] = 1"),
    (charts_are_in_charts, "dashboard/widgets.py", "import plotly.express as px"),
    (charts_are_in_charts, "dashboard/charts/plans.py", "import streamlit as st"),
    (environment_is_in_settings, "engine/shop/store.py", "import os\nhome = os.environ['HOME']"),
    (environment_is_in_settings, "dashboard/app.py", "from os import environ"),
    (environment_is_in_settings, "dashboard/app.py", "import os\nos.getenv('HOME')"),
    (the_clock_is_passed_in, "engine/shop/store.py", "from datetime import date\nday = date.today()"),
    (the_clock_is_passed_in, "engine/audience/rfm.py", "import pandas as pd\nnow = pd.Timestamp.now('UTC')"),
    (the_clock_is_passed_in, "engine/decision/ledger.py", "import datetime\nnow = datetime.datetime.now()"),
    (no_code_from_data, "engine/model/fit.py", "import joblib"),
    (no_code_from_data, "engine/model/fit.py", "from pickle import load"),
    (no_code_from_data, "engine/model/fit.py", "import numpy as np\nnp.load('m.npy', allow_pickle=True)"),
    (no_code_from_data, "engine/shop/store.py", "eval('1 + 1')"),
    (no_code_from_data, "engine/audience/rule.py", "table.eval(rule)"),
    (no_code_from_data, "dashboard/widgets.py", "st.markdown(text, unsafe_allow_html=True)"),
    (names_hold_an_idea, "engine/shop/utils.py", ""),
    (names_hold_an_idea, "dashboard/helpers/table.py", ""),
    (nothing_is_left_to_do, "engine/terms.py", "def f():\n    raise NotImplementedError"),
    (nothing_is_left_to_do, "engine/terms.py", "try:\n    f()\nexcept Exception:\n    pass"),
    (functions_are_short, "engine/terms.py", "def f():\n" + "    x = 1\n" * 60),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BROKEN))

ALLOWED: list[tuple[Rule, str, str]] = [
    (rooms_import_leftwards, "engine/outcome/results.py", "from engine.shop import store\nfrom engine import terms"),
    (rooms_import_leftwards, "engine/__main__.py", "from engine.outcome import results"),
    (the_clock_is_passed_in, "engine/campaign/writer/server.py", "import time\ntime.monotonic()"),
    (no_code_from_data, "engine/model/fit.py", "np.load('m.npy', allow_pickle=False)"),
    (decisions_speak_both_languages, "engine/decision/codes.py", "raise NotAllowed(Sentence('codes.meanwhile'))"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule):
    problems = [f"{path}: {problem}" for path in files() for problem in rule(path, parse(path))]
    assert problems == []


@pytest.mark.parametrize(("rule", "path", "source"), BROKEN)
def test_a_rule_objects_to_code_that_breaks_it(rule, path, source):
    assert rule(PurePosixPath(path), ast.parse(source)) != []


@pytest.mark.parametrize(("rule", "path", "source"), ALLOWED)
def test_a_rule_accepts_what_is_allowed(rule, path, source):
    assert rule(PurePosixPath(path), ast.parse(source)) == []


def test_the_rules_looked_at_every_room():
    seen = {path.parts[1].removesuffix(".py") for path in files() if path.parts[0] == "engine"}
    assert {*ROOMS, "model", "terms", "errors", "settings", "jobs"} <= seen


# --- words ---


def texts(folder: Path) -> dict[str, dict[str, str]]:
    """Every text by its key `<file>.<name>`."""
    entries: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            entries[f"{path.stem}.{name}"] = entry
    return entries


def incomplete(entries: dict[str, dict[str, str]]) -> list[str]:
    """Texts without both languages, or whose languages fill in different values."""
    problems = []
    for key, entry in entries.items():
        if set(entry) != {"en", "zh"} or not all(isinstance(text, str) and text.strip() for text in entry.values()):
            problems.append(f"{key} needs en and zh, and nothing else")
            continue
        slots = {language: set(re.findall(r"\{(\w+)", text)) for language, text in entry.items()}
        if slots["en"] != slots["zh"]:
            problems.append(f"{key} fills in {sorted(slots['en'])} in English and {sorted(slots['zh'])} in Chinese")
    return problems


def starred(entries: dict[str, dict[str, str]]) -> list[str]:
    """Texts whose bold a browser shows as asterisks: Markdown closes none after a full stop that a letter follows, and
    Chinese, without spaces, writes that all the time."""
    return [
        f"{key} {language}: {bold[0]}"
        for key, entry in entries.items()
        for language, text in entry.items()
        for bold in re.finditer(r"\*\*(.+?)\*\*", text)
        if stuck(text[bold.end() : bold.end() + 1], bold[1][-1]) or stuck(text[: bold.start()][-1:], bold[1][0])
    ]


def stuck(outside: str, inside: str) -> bool:
    """Punctuation within the asterisks, and a letter, a digit or a value to fill in right outside."""
    return (
        unicodedata.category(inside)[0] in "PS" and inside not in "{}" and (outside.isalnum() or outside in set("{}"))
    )


def asked_for(trees: list[ast.Module]) -> tuple[set[str], set[str]]:
    """Keys given to t, say or Sentence as they stand, and the beginnings of those put together with an f-string."""
    whole, beginnings = set(), set()
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        if dotted(call.func).split(".")[-1] not in ("t", "say", "Sentence"):
            continue
        for key in alternatives(call.args[0]):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                whole.add(key.value)
            elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
                beginnings.add(str(key.values[0].value))
    return whole, beginnings


def alternatives(node: ast.expr) -> list[ast.expr]:
    """Both sides of `a if condition else b`, or the expression itself."""
    return [*alternatives(node.body), *alternatives(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def mentioned(trees: list[ast.Module]) -> tuple[set[str], set[str]]:
    """Every string in the code, and the beginning of every f-string: a key may be kept in a table first."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    joined = [node.values[0] for node in nodes if isinstance(node, ast.JoinedStr) and node.values]
    return strings, {str(first.value) for first in joined if isinstance(first, ast.Constant)}


def missing(entries: dict[str, dict[str, str]], trees: list[ast.Module]) -> list[str]:
    """Keys the code asks for that no file has."""
    whole, beginnings = asked_for(trees)
    return sorted(whole - set(entries)) + [
        f"{start}..." for start in sorted(beginnings) if not any(key.startswith(start) for key in entries)
    ]


def unused(entries: dict[str, dict[str, str]], trees: list[ast.Module]) -> list[str]:
    """Keys no code mentions."""
    strings, beginnings = mentioned(trees)
    families = tuple(start for start in beginnings if "." in start and start.split(".")[0] in areas(entries))
    return sorted(key for key in entries if key not in strings and not key.startswith(families))


def areas(entries: dict[str, dict[str, str]]) -> set[str]:
    return {key.split(".")[0] for key in entries}


@pytest.fixture(scope="module")
def code() -> list[ast.Module]:
    return [parse(path) for path in files()]


def test_every_text_is_in_english_and_chinese_with_the_same_values():
    assert incomplete(texts(ROOT / "assets" / "text")) == []


def test_no_text_shows_asterisks_where_bold_was_meant():
    assert starred(texts(ROOT / "assets" / "text")) == []
    written = {
        "a.b": {"en": "**Two** of {n}. **{n} left.** Go.", "zh": "**剩下 {n} 个。**请看；见**“甲”**，**{n}** 个"}
    }
    assert starred(written) == ["a.b zh: **剩下 {n} 个。**", "a.b zh: **“甲”**"]


def test_every_text_the_code_asks_for_exists(code):
    assert missing(texts(ROOT / "assets" / "text"), code) == []


def test_every_text_is_used(code):
    assert unused(texts(ROOT / "assets" / "text"), code) == []


@pytest.mark.parametrize(
    "written",
    [
        '[a]\nen = "Hello"',
        '[a]\nen = "Hello"\nzh = ""',
        '[a]\nen = "Hello"\nzh = "你好"\nfr = "Salut"',
        '[a]\nen = "{count} rows"\nzh = "行"',
    ],
)
def test_a_text_without_both_languages_is_seen(tmp_path, written):
    (tmp_path / "plans.toml").write_text(written, encoding="utf-8")
    assert len(incomplete(texts(tmp_path))) == 1


def test_missing_and_unused_texts_are_seen():
    entries = {key: {"en": "x", "zh": "x"} for key in ("plans.title", "plans.old", "plans.status_draft")}
    trees = [ast.parse('t("plans.title"); t(f"plans.status_{s}"); text.t("plans.gone"); say(f"cards.{s}")')]
    assert missing(entries, trees) == ["plans.gone", "cards...."]
    assert unused(entries, trees) == ["plans.old"]
    assert missing(entries, [ast.parse('t("plans.title" if ok else "plans.lost")')]) == ["plans.lost"]
