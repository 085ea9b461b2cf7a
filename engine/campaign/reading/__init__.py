"""What a text says that can be true or false: every amount, day, code, name, property and promise, where it stands.

numerals  numbers as people write them, in figures and in words
claim     one claim, and the words it stands in
amounts   percentages, money, counts
days      dates, times and durations
terms     properties, promises, ratings and comparisons, from assets/prompts/claims.*.toml
names     names of products, right, nearly right or unknown; codes
read      all of these over one text, none twice

The same reader reads copy and what the shop knows, so that both are compared as values and not as words.
"""
