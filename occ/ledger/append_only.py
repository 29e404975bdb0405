"""For migrations of other apps: makes tables of history append-only by the ledger's trigger."""

from django.db import migrations


def append_only(*tables: str) -> migrations.RunSQL:
    """The operation; the migration depends on ("ledger", "0002_triggers")."""
    forward, reverse = [], []
    for table in tables:
        forward.append(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION occ_append_only();"
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION occ_append_only();"
        )
        reverse.append(f"DROP TRIGGER {table}_stays ON {table}; DROP TRIGGER {table}_no_truncate ON {table};")
    return migrations.RunSQL("".join(forward), "".join(reverse))
