"""Every exception raised on purpose. str(error) can be shown to a marketer as it stands.

AppError
  DataProblem       a file or column is wrong; carries .problems, a list of sentences
    WhichTable      no table, or more than one, fits a file; carries .tables to choose from
  NotEnoughData     valid, but too little to answer: says what we have and what is needed
  DraftFailed       the writer is missing, timed out, or answered in the wrong form
  ModelFileProblem  a model file is missing, incomplete or not the one we trust
  StoreProblem      something could not be saved or read back
  NotAllowed        this person may not do this, or not in this order

Each is given a Sentence, which a page says in its language, or text, which stays as it is. str(error) is English.
"""

from collections.abc import Sequence

from engine.sentences import Said, Sentence, spoken


class AppError(Exception):
    """A problem whose text says what happened and what to do next."""

    def __init__(self, said: Said | Sequence[Said]):
        self.said: list[Said] = [said] if isinstance(said, str | Sentence) else list(said)
        super().__init__(said)

    def __str__(self) -> str:
        return self.text("en")

    def text(self, language: str) -> str:
        """The same in a language, a line for each of its sentences."""
        return "\n".join(self.texts(language))

    def texts(self, language: str) -> list[str]:
        """Its sentences in a language, each for itself."""
        return [spoken(one, language) for one in self.said]


class DataProblem(AppError):
    """A file or column is wrong. `.problems` holds one sentence per problem, in English."""

    @property
    def problems(self) -> list[str]:
        return self.texts("en")


class WhichTable(DataProblem):
    """No table, or more than one, fits a file's columns. `.tables` holds the names to choose from."""

    def __init__(self, sentence: Said, tables: list[str]):
        self.tables = tables
        super().__init__(sentence)
        self.args = (sentence, tables)  # what it is made of again where it comes out of another process or a cache


class NotEnoughData(AppError):
    """The input is valid but too small or lacks a table. Says what there is and what is needed."""


class DraftFailed(AppError):
    """The writer is missing, timed out, or answered in the wrong form."""


class ModelFileProblem(AppError):
    """A model file is missing, incomplete, or its hash is not the one we trust."""


class StoreProblem(AppError):
    """Something could not be saved or read back."""


class NotAllowed(AppError):
    """This person may not do this, or not in this order."""
