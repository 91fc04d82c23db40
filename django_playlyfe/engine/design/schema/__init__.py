"""The JSON schema of a design file (Draft 2020-12), as data.

One source for three readers: ``shapes`` checks with it, ``normalise`` fills its defaults and stores numbers in their
canonical form, a site's editor may load it. Meaning (references, limits across components) is checked in ``semantics``.

Annotations that JSON Schema does not know and ``normalise`` reads: ``aliases`` (other spellings of keys or values),
``dropped`` (accepted, not stored), ``resolves`` (names an object's step of ``normalise``). A ``description`` completes
the sentence "expected …". Formats are defined in ``shapes``.
"""

from django_playlyfe.engine.design.schema.document import COMPONENTS, DESIGN
from django_playlyfe.engine.design.schema.words import Schema

__all__ = ["COMPONENTS", "DESIGN", "Schema"]
