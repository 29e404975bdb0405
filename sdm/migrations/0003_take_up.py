"""Whoever the logbook knew before people had records becomes an employee, placed where they are known to be."""

from django.db import migrations

EMPLOYEES = """
INSERT INTO sdm_employee (person_id, birth_date, phone, skills, channels)
SELECT id, NULL, '', '{}', '{}' FROM people_person
"""
# Those who have left were placed until their last working day; the others go on.
PLACEMENTS = """
INSERT INTO sdm_placement (employee_id, site_id, position, starts_on, ends_on, began, note, told_at)
SELECT id, site_id, position, joined_on, CASE WHEN left_announced THEN last_working_day END, 'taken_up', '', now()
FROM people_person
"""
TEAMS_END = """
UPDATE people_teammembership SET ends_on = last_working_day FROM people_person
WHERE people_person.id = person_id AND left_announced AND ends_on IS NULL AND starts_on <= last_working_day
"""


class Migration(migrations.Migration):
    dependencies = [("sdm", "0002_triggers")]
    operations = [migrations.RunSQL([EMPLOYEES, PLACEMENTS, TEAMS_END], migrations.RunSQL.noop)]
