"""What went with better results in past campaigns and ads: associations, and the tests that would settle them.

traits       what campaigns and ads have or lack: words, offer, timing, channel, attributes
associations each trait's effect beside what else differs, with ranges, for all traits together
settling     the test that would show whether a trait is the cause
answer       all of it at one go
"""

from engine.outcome.what_worked.answer import Answer, Line, answer

__all__ = ["Answer", "Line", "answer"]
