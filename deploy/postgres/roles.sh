#!/bin/sh
# Run by PostgreSQL's image at its first start: roles.sql with the passwords of the environment.
set -eu
psql -v ON_ERROR_STOP=1 -v owner_password="$OWNER_PASSWORD" -v occ_password="$OCC_PASSWORD" \
    -v reporting_password="$REPORTING_PASSWORD" \
    -U "${POSTGRES_USER:-postgres}" -d postgres -f /roles.sql
