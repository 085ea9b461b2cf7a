"""What went with better results in past campaigns and ads: associations, and the tests that would settle them.

traits       what campaigns and ads have or lack: words, offer, timing, channel, attributes
associations each trait's effect beside what else differs, with ranges, for all traits together
settling     the test that would show whether a trait is the cause
together     all of it at one go
"""

from engine.outcome.what_worked.together import Answer, Line, answer, rows

__all__ = ["Answer", "Line", "answer", "rows"]
