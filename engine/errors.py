"""Every exception raised on purpose. str(error) can be shown to a marketer as it stands.

AppError
  DataProblem       a file or column is wrong; carries .problems, a list of sentences
    WhichTable      no table, or more than one, fits a file; carries .tables to choose from
  NotEnoughData     valid, but too little to answer: says what we have and what is needed
  DraftFailed       the writer is missing, timed out, or answered in the wrong form
  ModelFileProblem  a model file is missing, incomplete or not the one we trust
  StoreProblem      something could not be saved or read back
  NotAllowed        this person may not do this, or not in this order
"""


class AppError(Exception):
    """A problem whose text says what happened and what to do next."""


class DataProblem(AppError):
    """A file or column is wrong. `.problems` holds one sentence per problem."""

    def __init__(self, problems: str | list[str]):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class WhichTable(DataProblem):
    """No table, or more than one, fits a file's columns. `.tables` holds the names to choose from."""

    def __init__(self, sentence: str, tables: list[str]):
        self.tables = tables
        super().__init__(sentence)


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
