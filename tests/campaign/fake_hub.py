"""A model hub on this machine, and model files of a few hundred bytes to put on it."""

import hashlib
import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPOSITORY, FILE = "maple/Small-GGUF", "small-instruct.gguf"


def gguf(values: dict, version: int = 3) -> bytes:
    """A GGUF file with these keys (texts, whole numbers, lists of texts) and no tensors."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def typed(value) -> bytes:
        if isinstance(value, str):
            return struct.pack("<I", 8) + text(value)
        if isinstance(value, list):
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
        return struct.pack("<II", 4, value)

    pairs = b"".join(text(key) + typed(value) for key, value in values.items())
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(values)) + pairs


SMALL = {
    "general.architecture": "small",
    "general.name": "Small Instruct",
    "tokenizer.ggml.tokens": ["a", "bc", "晚"],
    "small.context_length": 2048,
    "small.block_count": 4,
    "small.embedding_length": 64,
    "small.attention.head_count": 8,
    "small.attention.head_count_kv": 2,
    "tokenizer.chat_template": "{{ messages }}",
}
CONTENT = gguf(SMALL)


def sparse(path, size: int) -> None:
    """A file of this size that takes no room, with a model's header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(CONTENT)
        file.truncate(size)


class FakeHub:
    """A hub with one repository of one file. `told` changes what it says of the file, `status` how it answers."""

    def __init__(self, content: bytes = CONTENT, told: dict | None = None, status: int = 200, file: str = FILE):
        lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        self.asked: list[tuple[str, str | None]] = []
        sibling = {"rfilename": file, "lfs": lfs, "size": len(content)} | (told or {})
        answer = {
            "sha": "0123abcd",
            "siblings": [{"rfilename": "README.md", "size": 3}, sibling],
            "cardData": {"license": "mit", "language": ["en", "zh"]},
        }
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                hub.asked.append((self.path, self.headers["Range"]))
                if self.path == f"/api/models/{REPOSITORY}?blobs=true":
                    self.answer(status, json.dumps(answer).encode())
                elif self.path == f"/{REPOSITORY}/resolve/0123abcd/{file}":
                    begin = int((self.headers["Range"] or "bytes=0-")[6:-1])
                    self.answer(206 if begin else 200, content[begin:])
                else:
                    self.answer(404, b"{}")

            def answer(self, code, body):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self._http.shutdown()
        self._http.server_close()
