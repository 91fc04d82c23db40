"""Settings of the demo site: a reading log. Everything that differs between machines comes from the environment;
``.env.example`` documents each variable."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

SECRET_KEY = env.str("SECRET_KEY", default="only-for-the-demo-and-tests-never-for-a-real-site")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_playlyfe",
    "testproject.library",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "testproject.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "testproject.urls"
WSGI_APPLICATION = "testproject.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "testproject" / "templates"],  # before the apps: this is where a site overrides templates
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'demo.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A play reads before it writes. Without IMMEDIATE two of them deadlock on SQLite instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

elif DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    import pymysql

    # A driver in Python, under the name and version of the one in C that Django asks for.
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
    DATABASES["default"]["OPTIONS"] = {"charset": "utf8mb4"}

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "testproject" / "locale"]
USE_TZ = True

STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the browser may play by itself; everything else is played by the site's own code.
BROWSER_ACTIONS: dict[str, dict[str, list[str]]] = {"buy_bookmark": {"variables": []}}

if env.str("PLAYLYFE_BACKEND", default="engine") == "engine":
    INSTALLED_APPS += ["django_playlyfe.engine"]
    PLAYLYFE: dict[str, dict[str, object]] = {
        "default": {
            "BACKEND": "django_playlyfe.backends.engine.EngineBackend",
            "BROWSER_ACTIONS": BROWSER_ACTIONS,
        },
    }
else:
    # The same site with its game on another server. Nothing else in this project knows.
    PLAYLYFE = {
        "default": {
            "BACKEND": "django_playlyfe.backends.http.HttpBackend",
            "CLIENT_ID": env.str("PLAYLYFE_CLIENT_ID"),
            "CLIENT_SECRET": env.str("PLAYLYFE_CLIENT_SECRET"),
            "BROWSER_ACTIONS": BROWSER_ACTIONS,
            "OPTIONS": {
                "AUTH_URL": env.str("PLAYLYFE_AUTH_URL"),
                "API_URL": env.str("PLAYLYFE_API_URL"),
            },
        },
    }
