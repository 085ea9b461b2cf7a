"""The file that proves a decision taken outside Offerlab: a mail, a picture of a chat, a signed page.

It lies in the shop folder as `evidence/<sha256>`, encrypted with the key of the approval history, for it names people.
The entry of the decision holds its sha256, size and kind, so that a file that is gone or changed is seen. The name that
a browser sends with a file is used for nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.access import acting
from engine.decision import keys
from engine.decision.ledger import EVIDENCE, Entry
from engine.errors import DataProblem, StoreProblem
from engine.privacy import folder_of, replace
from engine.sentences import Sentence

Kind = Literal["png", "jpg", "gif", "webp", "pdf", "eml", "txt"]
MAX_BYTES = 10_000_000
# What a browser is told when it downloads one. Letters and texts as bytes: nothing in them is ever opened as a page.
TYPES: dict[Kind, str] = {
    "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "pdf": "application/pdf",
    "eml": "application/octet-stream", "txt": "application/octet-stream",
}  # fmt: skip
_SEALED_BY = 12 + 16  # bytes that encryption adds: its nonce and its tag
_HEADERS = re.compile(rb"(?im)^(from|to|subject|received|date|message-id|mime-version|return-path):")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an entry of the history says of its evidence; `size` in bytes, of the file as it was handed in."""

    sha256: str
    size: int
    kind: Kind

    @property
    def file_name(self) -> str:
        """What a download of it is called."""
        return f"evidence-{self.sha256[:12]}.{self.kind}"


def examined(content: bytes) -> Evidence:
    """What a file is, by its bytes. Raises DataProblem for an empty or too large one, and for any other kind."""
    if not content:
        raise DataProblem(Sentence("evidence.empty"))
    if len(content) > MAX_BYTES:
        raise DataProblem(
            Sentence("evidence.too_large", {"size": f"{len(content) / 1e6:.1f}", "most": MAX_BYTES // 10**6})
        )
    kind = _kind(content)
    if kind is None:
        raise DataProblem(Sentence("evidence.unknown_kind"))
    return Evidence(hashlib.sha256(content).hexdigest(), len(content), kind)


def _kind(content: bytes) -> Kind | None:
    marks: tuple[tuple[bytes, Kind], ...] = (
        (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
        (b"%PDF-", "pdf"),
    )  # fmt: skip
    for mark, kind in marks:
        if content.startswith(mark):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if not _is_text(content):
        return None
    head = re.split(rb"\r?\n\r?\n", content.lstrip(b"\xef\xbb\xbf\r\n"), maxsplit=1)[0]
    return "eml" if len({name.lower() for name in _HEADERS.findall(head)}) >= 2 else "txt"


def _is_text(content: bytes) -> bool:
    """Text in UTF-8 or the Chinese encoding of mail programs, without control characters."""
    if _CONTROL.search(content):
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def path_of(shop_dir: Path, evidence: Evidence) -> Path:
    """Where a piece of evidence lies."""
    return shop_dir / "evidence" / evidence.sha256


def keep(shop_dir: Path, shop_id: str, config: Path, content: bytes) -> Evidence:
    """The evidence, on disk when this returns. The same file twice is kept once. Raises DataProblem as `examined`, and
    NotAllowed for who decides on no plan.
    """
    acting.require("reject", config)
    found, key = examined(content), _key(shop_id, config)
    path = path_of(shop_dir, found)
    if not is_there(shop_dir, found):
        nonce = hmac.digest(key, found.sha256.encode(), "sha256")[:12]  # one for each content: never used for two
        replace(path, nonce + AESGCM(key).encrypt(nonce, content, found.sha256.encode()))
    return found


def read(shop_dir: Path, shop_id: str, config: Path, evidence: Evidence) -> bytes:
    """The file as it was handed in. Raises StoreProblem for one that is gone or is not that file any more."""
    path = path_of(shop_dir, evidence)
    try:
        sealed = path.read_bytes()
        content = AESGCM(_key(shop_id, config)).decrypt(sealed[:12], sealed[12:], evidence.sha256.encode())
    except FileNotFoundError as error:
        raise StoreProblem(Sentence("evidence.missing", {"path": str(path)})) from error
    except (InvalidTag, ValueError, OSError) as error:
        raise StoreProblem(Sentence("evidence.changed", {"path": str(path)})) from error
    if hashlib.sha256(content).hexdigest() != evidence.sha256:
        raise StoreProblem(Sentence("evidence.changed", {"path": str(path)}))
    return content


def is_there(shop_dir: Path, evidence: Evidence) -> bool:
    """Whether a file of the right size lies in its place; `read` says whether it is that file."""
    path = path_of(shop_dir, evidence)
    return path.is_file() and path.stat().st_size == evidence.size + _SEALED_BY


def of_entry(entry: Entry) -> Evidence | None:
    """The evidence that an entry of the history names, or None."""
    named: dict[str, Any] | None = entry.payload.get(EVIDENCE)
    return Evidence(named["sha256"], int(named["size"]), named["kind"]) if named else None


def as_payload(evidence: Evidence) -> dict[str, Any]:
    """How an entry names its evidence."""
    return {EVIDENCE: asdict(evidence)}


def problems(shop_dir: Path, shop_id: str, config: Path, entries: Iterable[Entry]) -> list[Sentence]:
    """A sentence for each entry whose evidence is gone or is another file than the one handed in; reads every file."""
    found = []
    for entry in entries:
        named = of_entry(entry)
        if named is None:
            continue
        try:
            read(shop_dir, shop_id, config, named)
        except StoreProblem as problem:
            said = problem.said[0]
            found.append(Sentence("evidence.of_entry", {"seq": entry.seq, "problem": said}))
    return found


def _key(shop_id: str, config: Path) -> bytes:
    return hmac.digest(keys.read_keys(folder_of(shop_id, config)).payload, b"evidence", "sha256")
