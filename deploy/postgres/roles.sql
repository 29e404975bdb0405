-- Two roles, so that who works with the tables does not own them: the triggers that keep ledger, history and documents
-- append-only can then not be switched off by the application, whoever breaks into it.
--   psql -v owner_password=… -v occ_password=… -v reporting_password=… -f roles.sql postgres://postgres@HOST/postgres
-- Then: MIGRATION_DATABASE_URL=postgres://occ_owner:…@HOST/occ   DATABASE_URL=postgres://occ:…@HOST/occ
CREATE ROLE occ_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE occ LOGIN PASSWORD :'occ_password';
-- Grafana and other readers: only the views of schema reporting, which `migrate` gives to this role (docs/reporting.md).
CREATE ROLE occ_reporting LOGIN PASSWORD :'reporting_password' CONNECTION LIMIT 20;
ALTER ROLE occ_reporting SET default_transaction_read_only = on;
ALTER ROLE occ_reporting SET statement_timeout = '30s';
CREATE DATABASE occ OWNER occ_owner;
REVOKE ALL ON DATABASE occ FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE occ TO occ;
GRANT CONNECT ON DATABASE occ TO occ_reporting;
\connect occ
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO occ_owner;
GRANT USAGE ON SCHEMA public TO occ;
ALTER DEFAULT PRIVILEGES FOR ROLE occ_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO occ;
ALTER DEFAULT PRIVILEGES FOR ROLE occ_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO occ;
