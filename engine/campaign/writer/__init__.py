"""Drafting: a language model in a child process writes copy with {slots}; code fills every fact.

files     which model files are trusted, and where they are
sources   the two places the default model's bytes come from
server    the child process that runs the model
facts     what may be said: the brief and the shop, as slots with their values
wish      what is wanted beside the brief: more like a draft, or one part of it again
prompt    the words sent to the model, from assets/prompts
model     one draft from the model: drawn, checked, drawn again
template  a draft without a model
drafts    n drafts of a brief, by model or template, as they are written
health    what `doctor` says about all this
"""
