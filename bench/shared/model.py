"""What the benches that need the language model begin with."""

import os
import platform
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine import settings as environment
from engine.campaign.writer import files
from engine.settings import Settings


def at_hand() -> tuple[Settings, Path]:
    """The settings and the default model's file, said with the machine and its load; ends where there is none."""
    settings = environment.read()
    path = files.locate(replace(settings, model=None))
    if path is None:
        sys.exit("The default model is not on this machine: make model")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, {os.cpu_count()} cores, load {load}, {path.name}\n")
    return settings, path
