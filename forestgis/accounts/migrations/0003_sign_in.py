"""Lock-out and second factor behind policies; administrators look after their people."""

from django.db import migrations

from forestgis.tenancy.policies import ADMINISTERS, MAY_WRITE, PREFECTURE, ProtectedTable

LOGIN = "(SELECT tenancy.kind()) = 'login'"
ME = "(SELECT tenancy.user_id())"
OWN_OR_LOGIN = f"{LOGIN} OR user_id = {ME}"
# Static tokens name their device, whose own policy says whose it is.
OF_OWN_DEVICE = (
    f"{LOGIN} OR EXISTS (SELECT FROM otp_static_staticdevice d WHERE d.id = device_id AND d.user_id = {ME})"
)
# Commands of the host have no person. Nobody writes the own row, so that injected SQL cannot raise its own rights; a
# municipality's administrator cannot make somebody of the prefecture, nor put people into another organisation.
MUNICIPAL_ROLES = "('municipal_admin', 'municipal_officer', 'analyst', 'reader')"
LOOKS_AFTER = (
    f"({MAY_WRITE} AND id IS DISTINCT FROM {ME} AND ("
    f"({PREFECTURE} AND ({ADMINISTERS} OR {ME} IS NULL))"
    f" OR ({ADMINISTERS} AND organisation_id = (SELECT tenancy.organisation_id()) AND role IN {MUNICIPAL_ROLES})))"
)


def altered(policy: str, clause: str) -> migrations.RunSQL:
    return migrations.RunSQL(f"ALTER POLICY {policy} ON accounts_user {clause}", migrations.RunSQL.noop)


def whole(table: str, rows: str) -> ProtectedTable:
    return ProtectedTable(table, read=rows, insert=rows, update=rows, delete=rows)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_policies"),
        ("tenancy", "0002_administrator"),
        ("axes", "0010_accessattemptexpiration"),
        ("otp_totp", "0003_add_timestamps"),
        ("otp_static", "0003_add_timestamps"),
    ]
    operations = [
        altered("insert_rows", f"WITH CHECK ({LOOKS_AFTER})"),
        altered("update_rows", f"USING ({LOGIN} OR {LOOKS_AFTER}) WITH CHECK ({LOGIN} OR {LOOKS_AFTER})"),
        *(
            whole(table, LOGIN)
            for table in (
                "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog", "axes_accessattemptexpiration",
            )
        ),
        whole("otp_totp_totpdevice", OWN_OR_LOGIN),
        whole("otp_static_staticdevice", OWN_OR_LOGIN),
        whole("otp_static_statictoken", OF_OWN_DEVICE),
    ]
