# A Playlyfe server: `docker compose up` runs it with PostgreSQL and Redis (docs/server.rst).
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.rst LICENSE ./
COPY django_playlyfe django_playlyfe
RUN pip install --no-cache-dir --prefix /installed ".[server,images,jwt]" "django-environ>=0.11" "gunicorn>=22" \
    "psycopg[binary]>=3.2" "redis>=5"

FROM python:3.13-slim
COPY --from=build /installed /usr/local
COPY deploy/playlyfe_server.py /srv/playlyfe/
RUN useradd --system --no-create-home playlyfe
WORKDIR /srv/playlyfe
USER playlyfe
ENV DJANGO_SETTINGS_MODULE=playlyfe_server PYTHONPATH=/srv/playlyfe PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/health', headers={'Host': 'localhost'}), timeout=4)"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "4", "--access-logfile", "-", \
     "--access-logformat", "%(t)s %(m)s %(U)s %(s)s %(D)sus", "django.core.wsgi:get_wsgi_application()"]
