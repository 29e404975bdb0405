"""Older participants who never became employees bear a typed name: it is erased, as the candidates' own rows are
(UU 27/2022 art. 16, 43-44). Erased are those whose candidate is anonymised, and those out for longer than candidates
are kept. The history's trigger lets name and number be erased, for good, and nothing else be changed.
"""

from datetime import timedelta
from typing import Any

from django.db import migrations
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

ERASED = "–"
KEPT, DAYS = "sdm.candidates.kept_days", 180  # the policy, and what held where nobody set one
SQL = """
CREATE FUNCTION sdm_participant_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.person_id IS NULL AND OLD.name <> '–' AND NEW.name = '–' AND NEW.number IN (OLD.number, '')
            AND to_jsonb(NEW) - 'name' - 'number' = to_jsonb(OLD) - 'name' - 'number' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% on % is refused: it only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
DROP TRIGGER sdm_historicalparticipant_stays ON sdm_historicalparticipant;
CREATE TRIGGER sdm_historicalparticipant_stays BEFORE UPDATE OR DELETE ON sdm_historicalparticipant
FOR EACH ROW EXECUTE FUNCTION sdm_participant_only_erased();
"""
UNDO = """
DROP TRIGGER sdm_historicalparticipant_stays ON sdm_historicalparticipant;
DROP FUNCTION sdm_participant_only_erased();
CREATE TRIGGER sdm_historicalparticipant_stays BEFORE UPDATE OR DELETE ON sdm_historicalparticipant
FOR EACH ROW EXECUTE FUNCTION occ_append_only();
"""


def erase(apps: Any, schema_editor: Any) -> None:
    """One ledger entry says how many; names are nowhere in it."""
    participants = apps.get_model("sdm", "Participant").objects
    candidates = apps.get_model("sdm", "Candidate").objects
    now = timezone.now()
    set_to = apps.get_model("policies", "Policy").objects.filter(key=KEPT).values_list("value", flat=True)
    days = max([DAYS, *(float(one) for one in set_to)])  # the longest that ever held: nothing is erased too soon
    numbered = Concat(Value("CAND-"), Cast("pk", CharField()))
    forgotten = candidates.filter(forgotten_at__isnull=False).annotate(mark=numbered).filter(mark=OuterRef("number"))
    rows = participants.filter(person=None).exclude(name=ERASED)
    # What recruitment itself put into a batch says no name: "Candidate 12", in either language.
    typed = rows.exclude(name__regex=r"^(Candidate|Kandidat) \d+$")
    own = list(typed.filter(Exists(forgotten)).values_list("pk", flat=True))
    others = typed.exclude(number__startswith="CAND-").filter(status="out", ended_at__lt=now - timedelta(days=days))
    old = list(others.values_list("pk", flat=True))
    history = apps.get_model("sdm", "HistoricalParticipant").objects.filter(person=None).exclude(name=ERASED)
    for pks, more in ((own, {}), (old, {"number": ""})):
        participants.filter(pk__in=pks).update(name=ERASED, **more)
        history.filter(id__in=pks).update(name=ERASED, **more)
    if own or old:
        apps.get_model("ledger", "Entry").objects.create(
            at=now,
            actor_label="system:migration",
            action="training.names_erased",
            data={"participants": len(own) + len(old)},
        )


class Migration(migrations.Migration):
    dependencies = [
        ("sdm", "0020_result_without_amount"), ("ledger", "0002_triggers"), ("policies", "0001_initial"),
    ]  # fmt: skip
    operations = [migrations.RunSQL(SQL, UNDO), migrations.RunPython(erase, migrations.RunPython.noop)]
