"""The life of a stored design: edited, checked against live scores, mended where it conflicts, put in force.

On top of the engine: only ``admin``, ``server`` and ``management`` import it. What a design means is in ``design``.
"""
