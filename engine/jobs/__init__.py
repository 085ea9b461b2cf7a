"""Long work in a process of its own: it goes on when the page is reloaded or the app is stopped.

records    what work there is, how far it is and how it ended, in `jobs.db` of the shop folder; start and cancel
processes  the operating system's side: starting a runner, whether it lives, stopping all that belongs to it
runner     runs one command of `python -m engine`, reads the progress it prints on stderr, and keeps the record
"""

from engine.jobs.records import Job, State, cancel, latest, recent, running, start, status

__all__ = ["Job", "State", "cancel", "latest", "recent", "running", "start", "status"]
