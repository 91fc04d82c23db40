"""Settings of a Playlyfe server in a container: the embedded engine behind HTTP, no site around it.

Everything comes from the environment; ``compose.yaml`` names it all. What is missing is said at the start.
"""

import environ

env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
CACHES = {"default": env.cache_url("CACHE_URL")}

INSTALLED_APPS = ["django.contrib.contenttypes", "django_playlyfe.engine"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "django_playlyfe.engine.server.urls"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A proxy in front ends TLS and says so.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = False  # "No API route redirects" (http-api.md §4.8): the proxy refuses plain HTTP
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)

PLAYLYFE_SERVER: dict[str, object] = {}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django_playlyfe": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")}},
}
