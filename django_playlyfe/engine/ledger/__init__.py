"""What calls leave behind: the log, and what is folded from it for each player, between the tables and the rules.

``boards`` is the same for leaderboards. Packages above import it (``calls``, ``history``, ``services``, ``selectors``,
``versions``); a site asks ``services`` and ``selectors``.
"""
