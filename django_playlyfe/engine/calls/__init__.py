"""The steps of a call before it is written: what was handed in is checked, dice are made, the rules judge what the
ledger has stored. For ``services``, which make calls, ``history``, which judges them again, and whoever reads what
people send in.
"""
