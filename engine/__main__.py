"""`python -m engine COMMAND`: one subcommand per question, on the same functions as the pages.

CSV or JSON in and out, UTF-8. JSON goes to stdout, progress to stderr as one JSON object a line. Exit code 0: done;
2: refused, with a sentence on stderr and no output file.
"""

import os

from engine.commands import customers, data, decisions, drafting, forecasts, machine, main, uplift

__all__ = ["customers", "data", "decisions", "drafting", "forecasts", "machine", "main", "uplift"]  # importing registers them

if __name__ == "__main__":
    # A closed pipe (head, less) is no error of ours.
    try:
        main(prog_name="python -m engine")
    except BrokenPipeError:
        os._exit(0)
