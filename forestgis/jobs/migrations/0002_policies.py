"""Who sees jobs, who may ask for them, and the worker's rights on the queue."""

from django.db import migrations

from forestgis.tenancy.policies import MAY_WRITE, PREFECTURE, ProtectedTable, own_rows

ME = "(SELECT tenancy.user_id())"
OWN = own_rows()
# A job runs as its requester, so nobody may ask in another's name; a command of the host asks in nobody's.
IN_MY_NAME = f"(requested_by_id = {ME} OR (requested_by_id IS NULL AND {ME} IS NULL AND {PREFECTURE}))"

WORKER = """
GRANT SELECT, UPDATE ON jobs_job TO forestgis_worker;
CREATE POLICY worker_read_rows ON jobs_job FOR SELECT TO forestgis_worker USING (true);
CREATE POLICY worker_update_rows ON jobs_job FOR UPDATE TO forestgis_worker USING (true) WITH CHECK (true);
GRANT INSERT ON django_tasks_database_dbtaskresult TO forestgis_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_tasks_database_dbtaskresult TO forestgis_worker;
"""
WORKER_BACK = """
REVOKE ALL ON django_tasks_database_dbtaskresult FROM forestgis_web, forestgis_worker;
DROP POLICY worker_update_rows ON jobs_job;
DROP POLICY worker_read_rows ON jobs_job;
REVOKE ALL ON jobs_job FROM forestgis_worker;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_initial"),
        ("tenancy", "0001_initial"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
    ]
    operations = [
        ProtectedTable(
            "jobs_job",
            read=f"{OWN} OR requested_by_id = {ME}",
            insert=f"{OWN} AND {MAY_WRITE} AND {IN_MY_NAME}",
            update=f"{OWN} AND {MAY_WRITE}",
            update_columns=("cancel_requested",),
        ),
        migrations.RunSQL(WORKER, WORKER_BACK),
    ]
