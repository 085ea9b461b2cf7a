"""Answers to customers' questions, drafted from the shop's own lines and no others.

`policies` and `catalogue` make lines of what a shop knows, `index` finds those near a question, `words` and `question`
read what is asked, `evidence` decides which lines answer it, `tone` reads mood and hurry, `answer` puts it together.
Every word of an answer is a line of the shop or a text of ours: no language model writes any of it.
"""
