FROM node:22-slim AS packages
WORKDIR /srv/app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OCC_VAR=/srv/occ
WORKDIR /srv/app
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --from=packages /srv/app/node_modules node_modules
COPY . .
# Static files do not depend on the installation: any values will do for collecting them.
RUN DATABASE_URL=postgres://x@x/x REDIS_URL=redis://x SECRET_KEY=only-for-collecting-static-files-x BASE_URL=https://x \
    ALLOWED_HOSTS=x ENCRYPTION_KEYS=b25seS1mb3ItY29sbGVjdGluZy1zdGF0aWMtZmlsZXM= python manage.py collectstatic --noinput \
 && useradd --system --home /srv/occ occ && mkdir -p /srv/occ/files && chown -R occ /srv/occ
USER occ
EXPOSE 8000
