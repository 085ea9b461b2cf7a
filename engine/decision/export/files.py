"""Files that appear together or not at all."""

import os
import secrets
from pathlib import Path

from engine.errors import StoreProblem
from engine.sentences import Sentence


class Files:
    """Files written beside their places and put there together; a refusal in between leaves nothing behind."""

    def __init__(self, files: list[tuple[Path, bytes]]):
        self._files = files
        self._waiting: list[tuple[Path, Path]] = []

    def __enter__(self) -> "Files":
        try:
            for path, content in self._files:
                if path.is_dir():
                    raise StoreProblem(Sentence("decisions.file_is_folder", {"path": path}))
                waiting = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
                self._waiting.append((waiting, path))
                waiting.write_bytes(content)
        except OSError as error:
            self._clear()
            values = {"path": path, "error": error.strerror or str(error)}
            raise StoreProblem(Sentence("decisions.file_not_written", values)) from error
        except BaseException:
            self._clear()
            raise
        return self

    def put_in_place(self) -> None:
        """Give the files their names."""
        while self._waiting:
            waiting, path = self._waiting[0]
            os.replace(waiting, path)
            self._waiting.pop(0)

    def _clear(self) -> None:
        for waiting, _ in self._waiting:
            waiting.unlink(missing_ok=True)

    def __exit__(self, *problem: object) -> None:
        self._clear()
