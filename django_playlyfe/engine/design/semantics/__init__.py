"""What a design means: references, limits and rules across components (``engine.md`` §15.3). One module a subject.

Every check reads the canonical document (``normalise``) and skips the parts whose shape is already reported, so that
one mistake is one problem.
"""
