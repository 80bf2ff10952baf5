"""Who is to be told of what: rules about runs that are over, and about times that brought no run.

Deciding is pure. A rule, the facts about a run and the figures of those before it give a notice, or
none; the same ones always give the same notice with the same id, so that whoever judges a run again
says nothing new. How facts are found (`flowbook.store.judging`) and how a notice gets to somebody
(`flowbook.session.telling`) is elsewhere. Nothing here knows an address or a secret, only names of
secrets.
"""
