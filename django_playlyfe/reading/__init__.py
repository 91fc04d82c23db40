"""Reads of a game that is somewhere else: kept in the cache and in the database, so that pages outlive an outage
(``reliability.md`` §4).

``questions`` says what can be asked, ``answering`` in which order an answer is looked for, ``shelf`` is the cache,
``snapshots`` the database, ``own_writes`` what a site's own plays change, ``background`` what no page waits for.
"""
