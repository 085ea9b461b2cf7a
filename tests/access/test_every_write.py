"""No function of the engine writes unseen: what changes a shop, its history or the accounts is in `writes`, or here.

Found in the source: every function that reaches one of the ways to write, or asks who acts, unless it does so only
through functions that are in the list.
"""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.test_house import ROOT, parse

# The ways to write, each of which a function must reach to change anything that is kept.
WAYS = {
    "engine.decision.database.writing", "engine.decision.ledger.writing", "engine.shop.store.writing",
    "engine.access.storage.writing", "engine.shop.store.replace_file", "engine.privacy.outside.replace",
}  # fmt: skip
ASKS = {"engine.access.acting.require", "engine.access.acting.require_as", "engine.access.acting.require_self"}
# Writes that asking itself makes, or that say nothing of a shop: when a session was used last, the key of a vault.
NO_WRITES = {"engine.access.sessions.check", "engine.access.sessions.of_login", "engine.privacy.outside.shop_key"}
NOT_IN_THE_LIST = {
    "access.accounts.sign_in": "nobody acts yet",
    "access.sessions.begin": "what signing in ends with",
    "access.sessions.revoke_all": "everybody ends their own; of others, `accounts` asks",
    "access.tries.begin": "nobody acts yet",
    "access.tries.forget": "part of signing in",
    "campaign.uplift.kept.learn_and_keep": "asks when it puts down what it learned; its work is `start work`",
    "decision.assignments.put": "part of an export",
    "decision.backup.take_beside": "the hourly backup, whoever is there",
    "decision.backup.take_if_due": "the hourly backup, whoever is there",
    "decision.carried.carry": "part of a backup",
    "decision.carried.forget": "part of an erasure, after it",
    "decision.carried.put_back": "part of a restore",
    "decision.carried.write_list": "part of a backup",
    "decision.export.record.allowed": "part of an export, which asks by it",
    "decision.export.record.record": "part of an export",
    "decision.keys.first_keys": "part of the first entry",
    "decision.keys.move_head": "part of an entry",
    "decision.keys.write_head": "part of an entry, or of a restore",
    "decision.ledger.Writer": "asks at each entry, by what it says",
    "decision.snapshots.keep": "asks; tested beside the list, for it needs a forecast",
    "shop.merged.add": "part of merging",
    "shop.merged.forget": "part of an erasure",
    "shop.samples.build": "a new shop, whose making asks",
    "shop.store.write_tables": "as `write tables`, of tables that were looked at",
    "shop.vault.put": "part of merging and of an erasure",
    "shop.vault.remember": "part of an erasure",
}  # fmt: skip


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """What names stand for that are imported by one of these."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)


def dotted(node: ast.expr) -> list[str]:
    """The parts of `a.b.c`; empty for what begins otherwise."""
    if isinstance(node, ast.Name):
        return [node.id]
    before = dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*before, node.attr] if before and isinstance(node, ast.Attribute) else []


class Source:
    """The engine as names of functions and classes that name each other."""

    def __init__(self) -> None:
        paths = [path for path in sorted((ROOT / "engine").rglob("*.py")) if "commands" not in path.parts]
        trees = {module_of(path): parse(path.relative_to(ROOT)) for path in paths}
        self.names = {
            module: dict(imported(tree.body)) | {node.name: f"{module}.{node.name}" for node in self.tops(tree)}
            for module, tree in trees.items()
        }
        self.uses = {
            f"{module}.{node.name}": set(self.used(module, node))
            for module, tree in trees.items()
            for node in self.tops(tree)
        }

    @staticmethod
    def tops(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
        return (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))

    def used(self, module: str, top: ast.AST) -> Iterator[str]:
        nodes = list(ast.walk(top))
        own = self.names[module] | dict(imported(nodes))
        for node in nodes:
            if isinstance(node, ast.Name | ast.Attribute) and (parts := dotted(node)) and parts[0] in own:
                yield self.full(".".join([own[parts[0]], *parts[1:]]))

    def full(self, name: str) -> str:
        """The name where it is defined, of one that a package passes on."""
        module, _, last = name.rpartition(".")
        passed_on = self.names.get(module, {}).get(last, name)
        return name if passed_on == name else self.full(passed_on)

    def reach(self, ways: set[str], through: set[str]) -> set[str]:
        """Who comes to one of these ways otherwise than through functions that are known."""
        found, added = set[str](), set(ways)
        while added:
            found |= added
            added = {one for one, uses in self.uses.items() if one not in found | through and uses & found}
        return found


@functools.cache
def source() -> Source:
    return Source()


def in_the_list() -> set[str]:
    """The functions that `writes` calls."""
    tree = parse(Path("tests/access/writes.py"))
    names = dict(imported(tree.body))
    called = (dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {source().full(".".join([names[one[0]], *one[1:]])) for one in called if one and one[0] in names}


def test_every_function_that_writes_is_in_the_list_or_has_its_reason():
    listed = in_the_list()
    reaching = source().reach(WAYS, through=listed | NO_WRITES) | {
        one for one, uses in source().uses.items() if uses & ASKS and one not in listed
    }
    public = {one for one in reaching - WAYS - ASKS if not one.rpartition(".")[2].startswith("_")}
    assert {one.removeprefix("engine.") for one in public} == set(NOT_IN_THE_LIST)
