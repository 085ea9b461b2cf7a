"""Drafting: a language model in a child process writes copy with {slots}; code fills every fact.

catalogue    which models there are, the default and the user's own, and which one writes
hub          what the model hub says of a file: size, hash, licence
gguf         what a model file says of itself: context size, chat template, memory
files        whether a model file is the one its name says, and fetching it
sources      the two places a model's bytes come from
ports        which ports of this machine are free
server       the child process that runs the model, watched and started again
child        that process
addresses    what it answers beside the model's own answers
line         in it: whose turn it is
turn         a draft's place in that line
remote       a server at an address instead
facts        what may be said: the brief and the shop, as slots with their values
cleaning     names, descriptions and guides as data: cleaned, capped, without orders to a machine
printed      whether names and codes that copy prints are only that
wish         what is wanted beside the brief: more like a draft, or one part of it again
prompt       the words sent to the model, from assets/prompts
model        one draft from the model: drawn, checked, drawn again
template     a draft without a model
one_draft    one draft as it is kept, made from a model's words or from a template
drafts       n drafts of a brief, by model or template, as they are written
candidates   how many are written for those that are wanted
choosing     which of them are chosen, and why: true and lawful, unlike each other, of words that were clicked
best         the same for a shop, with templates where too few may be sent
opinions     thumbs and edits of drafts: kept, and shown to the writer or kept out of its drafts
together     drafts side by side, where the server batches
replay       a draft written again, to compare
speed        how fast the last drafts were
whereabouts  what writes here, where it runs, how fast
health       what `doctor` says about all this
"""
