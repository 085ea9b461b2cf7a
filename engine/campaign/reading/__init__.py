"""What a text says that can be true or false: every amount, day, code, name, property and promise, where it stands.

numerals   numbers as people write them, in figures and in words
claim      one claim, and the words it stands in
shares     percentages, halves and tenths of a price
amounts    money and multiples
days       dates
feasts     feasts whose day moves from year to year
relative   days told without a date, times of day
durations  how long something takes or lasts
measures   sizes and weights
counts     numbers that count things
codes      discount codes
terms      properties, promises, ratings and comparisons, from assets/prompts/claims.*.toml
lexicon    what things are made of and how, by group, from assets/prompts/lexicon.*.toml
names      names of products, right, nearly right or unknown
read       all of these but names over one text, none twice
spans      the sentence and the clause of a place
words      the lists of words that these look for, from assets/prompts/reading.*.toml

The same reader reads copy and what the shop knows, so that both are compared as values and not as words.
"""
