"""A Playlyfe server that misbehaves as it is told: one real process, driven over its pipes.

``python -m tests.faultserver`` prints its address and then takes commands, one JSON object a line (:mod:`.handle` is
the other end). It speaks the contract (tokens, players, plays; with keys it applies a play once), and does to the
socket whatever the next step of its script says. It writes down every connection, every request and every play it
applied, so that a test can prove that the fault happened, what was sent, and that nothing was lost or doubled.
"""
