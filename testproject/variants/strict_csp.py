"""Nothing may load, run or be framed but this site's own style sheets, images and scripts in files."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import MIDDLEWARE

STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
MIDDLEWARE = ["testproject.variants.strict_policy.strict_policy", *MIDDLEWARE]
