# One image for web, workers, beat and commands; docker-compose.yml says what each runs.
FROM node:22-slim AS packages
WORKDIR /srv/app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 OCC_VAR=/srv/occ
WORKDIR /srv/app
COPY requirements.txt ./
# Wheels only: nothing is compiled, and what is installed is what the lock file's hashes name.
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary=:all: -r requirements.txt
COPY --from=packages /srv/app/node_modules node_modules
COPY . .
# Static files do not depend on the installation: any values will do for collecting them.
RUN DATABASE_URL=postgres://x@x/x REDIS_URL=redis://x SECRET_KEY=only-for-collecting-static-files-x BASE_URL=https://x \
    ALLOWED_HOSTS=x ENCRYPTION_KEYS=b25seS1mb3ItY29sbGVjdGluZy1zdGF0aWMtZmlsZXM= python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q occ userids retention realtime coaching sdm service \
 && useradd --system --home /srv/occ occ && mkdir -p /srv/occ/files /srv/backups && chown -R occ /srv/occ /srv/backups
USER occ
EXPOSE 8000
CMD ["uvicorn", "occ.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--no-proxy-headers", "--no-access-log", "--timeout-graceful-shutdown", "10", "--timeout-keep-alive", "75"]
