"""`python -m engine COMMAND`: one subcommand per question, on the same functions as the pages.

CSV or JSON in and out, UTF-8. JSON goes to stdout, progress to stderr as one JSON object a line. Exit code 0: done;
2: refused, with a sentence on stderr and no output file.
"""

import os

import engine.commands.accounts  # importing a file of commands registers them
import engine.commands.channels
import engine.commands.customers
import engine.commands.data
import engine.commands.decisions
import engine.commands.drafting
import engine.commands.experiments
import engine.commands.forecasts
import engine.commands.history
import engine.commands.launching
import engine.commands.learnings
import engine.commands.ledger
import engine.commands.machine
import engine.commands.models
import engine.commands.offpolicy
import engine.commands.optimise
import engine.commands.outcomes
import engine.commands.packing
import engine.commands.replaying
import engine.commands.replying
import engine.commands.sending
import engine.commands.splits
import engine.commands.uplift
import engine.commands.waiting
import engine.commands.what_worked  # noqa: F401
from engine.commands import main

if __name__ == "__main__":
    # A closed pipe (head, less) is no error of ours.
    try:
        main(prog_name="python -m engine")
    except BrokenPipeError:
        os._exit(0)
