"""What was approved, published and given to payroll stays; results follow an approval, and nothing is paid twice."""

from django.db import migrations

from occ.ledger.append_only import append_only

GUARDS = """
CREATE FUNCTION sdm_incentive_scheme_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'an incentive scheme that was published or discarded stays' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdm_incentive_scheme_stays BEFORE UPDATE OR DELETE ON sdm_incentivescheme
FOR EACH ROW EXECUTE FUNCTION sdm_incentive_scheme_stays();

CREATE FUNCTION sdm_evaluation_result_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expected int;
BEGIN
    SELECT coalesce(max(r.number) + 1, 1) INTO expected
      FROM public.sdm_evaluationresult r WHERE r.evaluation_id = NEW.evaluation_id;
    IF NEW.number <> expected THEN
        RAISE EXCEPTION 'result % of evaluation % does not follow', NEW.number, NEW.evaluation_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM public.sdm_evaluation e
          JOIN public.sdm_evaluationperiod p ON p.id = e.period_id
          JOIN public.approvals_approval a ON a.object_id = p.id AND a.list_sha256 = p.list_sha256
         WHERE e.id = NEW.evaluation_id AND p.status = 'approved' AND a.decision = 'approved'
           AND a.decided_by_id = NEW.approved_by_id
    ) THEN
        RAISE EXCEPTION 'a result is kept by the approval of its list' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdm_evaluation_result_guard BEFORE INSERT ON sdm_evaluationresult
FOR EACH ROW EXECUTE FUNCTION sdm_evaluation_result_guard();

CREATE FUNCTION sdm_payroll_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid numeric;
    due numeric;
BEGIN
    PERFORM 1 FROM public.sdm_payrollrun r JOIN public.sdm_evaluationperiod p ON p.id = r.period_id
      WHERE r.id = NEW.run_id AND p.status IN ('validated', 'paid') FOR UPDATE OF p;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'payroll is given a month once it is validated' USING ERRCODE = 'check_violation';
    END IF;
    SELECT coalesce(sum(l.amount), 0) INTO paid
      FROM public.sdm_payrollline l WHERE l.evaluation_id = NEW.evaluation_id;
    SELECT CASE WHEN e.status = 'waived' THEN 0 ELSE r.amount END INTO due
      FROM public.sdm_evaluationresult r JOIN public.sdm_evaluation e ON e.id = r.evaluation_id
     WHERE r.id = NEW.result_id AND r.evaluation_id = NEW.evaluation_id
       AND r.number = (SELECT max(o.number) FROM public.sdm_evaluationresult o
                        WHERE o.evaluation_id = NEW.evaluation_id);
    IF due IS NULL OR NEW.before <> paid OR NEW.before + NEW.amount <> due THEN
        RAISE EXCEPTION 'a line pays what is due by the latest result, less what was paid'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdm_payroll_line_guard BEFORE INSERT ON sdm_payrollline
FOR EACH ROW EXECUTE FUNCTION sdm_payroll_line_guard();
"""
UNDO = """
DROP TRIGGER sdm_incentive_scheme_stays ON sdm_incentivescheme; DROP FUNCTION sdm_incentive_scheme_stays();
DROP TRIGGER sdm_evaluation_result_guard ON sdm_evaluationresult; DROP FUNCTION sdm_evaluation_result_guard();
DROP TRIGGER sdm_payroll_line_guard ON sdm_payrollline; DROP FUNCTION sdm_payroll_line_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("sdm", "0011_evaluating"), ("ledger", "0002_triggers"), ("approvals", "0001_initial")]
    operations = [
        append_only(
            "sdm_historicalincentivescheme",
            "sdm_historicalevaluationperiod",
            "sdm_historicalevaluation",
            "sdm_evaluationresult",
            "sdm_payrollrun",
            "sdm_payrollline",
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
