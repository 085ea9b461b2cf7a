"""What each channel brought, and whether the channels' claims add up to what the shop sold.

each         a channel by itself: recorded, extra against a holdout, cost, profit
reconciled   every order once, by who claims it; messages close to each other
delay        how long until a result is known
hours        which hour to send at, and what is not known of it
answer       all of it at one go
"""

from engine.outcome.channels.answer import Answer, answer

__all__ = ["Answer", "answer"]
