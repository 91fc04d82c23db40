"""The wheel in an environment with what it declares and nothing else: a page, and each extra, absent and present."""

from __future__ import annotations

import os

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.slow, pytest.mark.xdist_group("packaging")]

SITE = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "not secret"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "django.contrib.staticfiles", "django_playlyfe", "django_playlyfe.engine",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {"transaction_mode": "IMMEDIATE"},
}}
STATIC_URL = "static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
URLS = """
from django.urls import include, path
urlpatterns = [
    path("play/", include("django_playlyfe.urls")),
    path("game/", include("django_playlyfe.engine.server.urls")),
]
"""
PAGE = """
import io
import django; django.setup()
import django_playlyfe; assert "site-packages" in django_playlyfe.__file__
from django.core.management import call_command
call_command("check", fail_level="WARNING", stdout=io.StringIO())
call_command("migrate", verbosity=0)
call_command("makemigrations", check=True, verbosity=0)
call_command("playlyfe_engine_load", "starter", verbosity=0)
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django_playlyfe.services import play
user = User.objects.create_user("margaret")
assert play(user, "post_comment").status == "applied"
for language in ("en", "de"):
    browser = Client(headers={"accept-language": language})
    browser.force_login(user)
    page = browser.get("/play/profile/")
    assert page.status_code == 200, page.status_code
    print(page.content.decode())
assert finders.find("django_playlyfe/playlyfe.css")
secret = "a-secret-that-only-the-site-and-the-game-know-0123456789"
call_command("playlyfe_engine_client", "site", "--id", "site", "--secret", secret, for_site=True, stdout=io.StringIO())
grant = {"grant_type": "client_credentials", "client_id": "site", "client_secret": secret}
issued = Client().post("/game/auth/token", grant, content_type="application/json")
assert issued.status_code == 200, issued.content
token = issued.json()["access_token"]
answer = Client().get("/game/v2/admin/players/" + str(user.pk), headers={"authorization": "Bearer " + token})
assert answer.json()["alias"] == "margaret", answer.content
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site_settings.py").write_text(SITE)
    (tmp_path / "site_urls.py").write_text(URLS)
    return tmp_path


def with_site(environment, site, code, *extras):
    """Run some lines on the site, with some extras."""
    paths = os.pathsep.join([str(site), str(environment._extra(extras))])
    return environment.run(code, *extras, DJANGO_SETTINGS_MODULE="site_settings", PYTHONPATH=paths)


def test_pages_and_the_server_work_in_english_and_german(environment, site):
    shown = with_site(environment, site, PAGE, "server")
    assert "margaret" in shown
    assert 'lang="en"' in shown
    assert 'lang="de"' in shown
    assert "Abzeichen" in shown


def test_without_the_engine_extra_the_error_names_it(environment, site):
    code = """
        import django; django.setup()
        from django.core.management import call_command
        from django_playlyfe.exceptions import ConfigurationError
        try:
            call_command("migrate", verbosity=0)
            call_command("playlyfe_engine_load", "starter")
        except ConfigurationError as error:
            print(error)
    """
    assert 'pip install "django-playlyfe[engine]"' in with_site(environment, site, code)


SEAL = """
    from django_playlyfe.client import EncryptedSeal
    from django_playlyfe.exceptions import ConfigurationError
    try:
        seal = EncryptedSeal("key", [])
    except ConfigurationError as error:
        print(error)
    else:
        print(type(seal).__name__)
"""


def test_the_crypto_extra_names_itself_when_absent_and_works_when_present(environment):
    assert 'pip install "django-playlyfe[crypto]"' in environment.run(SEAL)
    assert environment.run(SEAL, "crypto") == "EncryptedSeal"


TOKENS = """
    import django; django.setup()
    from django_playlyfe.engine.server.auth import player_tokens
    from django_playlyfe.exceptions import ConfigurationError
    try:
        print(player_tokens.library().__name__)
    except ConfigurationError as error:
        print(error)
"""


def test_the_jwt_extra_names_itself_when_absent_and_works_when_present(environment, site):
    assert 'pip install "django-playlyfe[jwt]"' in with_site(environment, site, TOKENS, "server")
    assert with_site(environment, site, TOKENS, "server", "jwt") == "jwt"


PICTURE = """
    import django; django.setup()
    from django_playlyfe.engine import pictures
    from django_playlyfe.exceptions import ConfigurationError
    try:
        print(len(pictures.read_upload(pictures.stock_image("default-item", "small"))))
    except ConfigurationError as error:
        print(error)
"""


def test_the_images_extra_names_itself_when_absent_and_works_when_present(environment, site):
    assert 'pip install "django-playlyfe[images]"' in with_site(environment, site, PICTURE, "server")
    assert int(with_site(environment, site, PICTURE, "server", "images")) > 1


@pytest.mark.parametrize(
    ("extra", "module"),
    [
        ("engine", "jsonschema"),
        ("progress", "tqdm"),
        ("crypto", "cryptography"),
        ("images", "PIL"),
        ("jwt", "jwt"),
        ("demo", "environ"),
    ],
)
def test_an_extra_brings_its_package_and_the_core_does_without(environment, extra, module):
    look = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
    assert environment.run(look) == "False"
    assert environment.run(look, extra) == "True"


def test_the_client_runs_without_django_being_set_up(environment):
    code = """
        from django_playlyfe.client import PlaylyfeClient
        client = PlaylyfeClient(
            auth_url="http://127.0.0.1:9/auth/token", api_url="http://127.0.0.1:9/v2",
            client_id="site", client_secret="s" * 48,
        )
        print(client.status and type(client).__name__)
    """
    assert environment.run(code) == "PlaylyfeClient"


def test_the_testing_tools_need_no_extra(environment, site):
    code = """
        import django; django.setup()
        from django_playlyfe.testing import override_playlyfe
        with override_playlyfe() as game:
            print(type(game).__name__)
    """
    assert with_site(environment, site, code) == "FakeGame"
