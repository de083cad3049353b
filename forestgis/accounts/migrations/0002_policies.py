"""Who sees and changes accounts, and the web role's rights on sessions."""

from django.db import migrations

from forestgis.tenancy.policies import MAY_WRITE, PREFECTURE, ProtectedTable, PublicTable

LOGIN = "(SELECT tenancy.kind()) = 'login'"
ME = "(SELECT tenancy.user_id())"
MY_ORGANISATION = "(SELECT tenancy.organisation_id())"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("tenancy", "0001_initial"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        PublicTable("accounts_organisation"),
        # A person's own row cannot be updated by that person's transactions, or injected SQL could change its
        # role; whoever changes a password proves it first and does so as the principal of kind "login".
        ProtectedTable(
            "accounts_user",
            read=f"{LOGIN} OR {PREFECTURE} OR id = {ME} OR organisation_id = {MY_ORGANISATION}",
            insert=f"{PREFECTURE} AND {MAY_WRITE}",
            update=f"{LOGIN} OR ({PREFECTURE} AND {MAY_WRITE})",
        ),
        ProtectedTable(
            "accounts_apitoken",
            read=f"{LOGIN} OR user_id = {ME}",
            insert=f"user_id = {ME} AND ({MAY_WRITE} OR 'edit' <> all(scopes))",
            update=f"{LOGIN} OR user_id = {ME}",
            update_columns=("revoked_at", "last_used_at"),
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO forestgis_web",
            "REVOKE ALL ON django_session FROM forestgis_web",
        ),
    ]
