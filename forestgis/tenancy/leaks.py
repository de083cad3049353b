"""Ways past row-level security that the database's own catalogue shows.

Each check is one query that returns a row for every hole. They are generated
from what is there, not from a list of tables: a new table without a policy is
found the first time the check runs.
"""
# Every query here is put together from constants of this module.
# ruff: noqa: S608

from __future__ import annotations

import json

from django.db.backends.utils import CursorWrapper

# Tables of Django and its packages that hold nothing of a municipality. What the runtime roles may do with them is
# checked all the same.
UNPROTECTED = {
    "auth_group": "",
    "auth_group_permissions": "",
    "auth_permission": "",
    "django_content_type": "",
    "django_migrations": "",
    "django_session": "forestgis_web",
    "django_tasks_database_dbtaskresult": "forestgis_web forestgis_worker",
}
# The roles of our own kind; everything else that reads a table is a stranger.
ROLES = "('forestgis_web', 'forestgis_worker', 'forestgis_map', 'forestgis_map_prefecture')"
# These see all rows by design: queue and maps of the prefecture.
UNFILTERED_ROLES = "('forestgis_worker', 'forestgis_map_prefecture')"

_OURS = """
    SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relowner
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
"""
_TABLES = f"SELECT * FROM ({_OURS}) o WHERE o.relkind IN ('r', 'p', 'f') AND o.relname <> ALL(%(unprotected)s)"
_RIGHTS = f"""
    SELECT t.oid, t.relname, r.rolname, command
    FROM ({_TABLES}) t
    CROSS JOIN pg_roles r
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) command
    WHERE r.rolname IN {ROLES}
      AND CASE WHEN command = 'DELETE' THEN has_table_privilege(r.oid, t.oid, command)
               ELSE has_any_column_privilege(r.oid, t.oid, command) END
"""
_POLICIES = "SELECT p.*, array(SELECT rolname FROM pg_roles WHERE oid = any(p.polroles)) AS roles FROM pg_policy p"
_COMMANDS = """(CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END)"""

# The owner role adds to the audit trail (forestgis/audit/sql): its one right under any policy.
_TRAIL_WRITER = """(p.polrelid = 'public.audit_entry'::regclass AND p.polcmd = 'a'
                    AND p.roles = ARRAY['forestgis_owner'::name])"""

CHECKS = {
    "row-level security is not enabled on table": f"SELECT relname FROM ({_TABLES}) t WHERE NOT relrowsecurity",
    "row-level security is not forced on table": f"SELECT relname FROM ({_TABLES}) t WHERE NOT relforcerowsecurity",
    "no policy for a right that is granted": f"""
        SELECT x.relname || ': ' || x.rolname || ' ' || x.command FROM ({_RIGHTS}) x
        WHERE NOT EXISTS (SELECT FROM ({_POLICIES}) p WHERE p.polrelid = x.oid
                          AND {_COMMANDS} IN (x.command, 'ALL') AND x.rolname::name = any(p.roles))""",
    "more than one policy for a role and a command (losing one would go unnoticed)": f"""
        SELECT p.polrelid::regclass || ': ' || role || ' ' || {_COMMANDS}
        FROM ({_POLICIES}) p, unnest(p.roles) role GROUP BY p.polrelid, role, {_COMMANDS} HAVING count(*) > 1""",
    "a policy that is open to everybody or to a role unknown here": f"""
        SELECT p.polrelid::regclass || ': ' || p.polname FROM ({_POLICIES}) p
        WHERE p.polroles = '{{0}}' OR EXISTS (SELECT FROM unnest(p.roles) role WHERE role NOT IN {ROLES})
          AND NOT {_TRAIL_WRITER}""",
    "a policy on a municipality's rows that does not ask for the principal": f"""
        SELECT t.relname || ': ' || p.polname FROM ({_TABLES}) t JOIN ({_POLICIES}) p ON p.polrelid = t.oid
        WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'municipality_code')
          AND EXISTS (SELECT FROM unnest(p.roles) role WHERE role NOT IN {UNFILTERED_ROLES})
          AND (coalesce(pg_get_expr(p.polqual, p.polrelid), 'tenancy.') !~ 'tenancy[.]'
               OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'tenancy.') !~ 'tenancy[.]')""",
    "a policy for writing that does not ask for the right to write": f"""
        SELECT t.relname || ': ' || p.polname FROM ({_TABLES}) t JOIN ({_POLICIES}) p ON p.polrelid = t.oid
        WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'municipality_code')
          AND p.polcmd <> 'r' AND 'forestgis_web' = any(p.roles)
          AND coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid))
              !~ 'tenancy[.]can_write'""",
    "the column is not varchar, so its index does not serve the policy": f"""
        SELECT t.relname || '.municipality_code' FROM ({_TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE a.attname = 'municipality_code' AND a.atttypid NOT IN ('varchar'::regtype, 'text'::regtype)""",
    "a view that shows rows by its owner's rights": f"""
        SELECT o.relname FROM ({_OURS}) o
        WHERE o.relkind = 'v' AND NOT coalesce('security_invoker=true' = any(o.reloptions), false)""",
    "a materialised view, which no policy holds": f"SELECT o.relname FROM ({_OURS}) o WHERE o.relkind = 'm'",
    "not owned by the owner role": f"""
        SELECT o.relname FROM ({_OURS}) o
        WHERE o.relkind IN ('r', 'p', 'v', 'm', 'S') AND o.relowner <> 'forestgis_owner'::regrole""",
    "a role that row-level security does not hold": f"""
        SELECT r.rolname FROM pg_roles r WHERE r.rolname IN {ROLES}
          AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
               OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))
        UNION ALL SELECT r.rolname FROM pg_roles r WHERE r.rolname = 'forestgis_owner'
          AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls)""",
    "a right that no role of the application needs": f"""
        SELECT o.relname || ': ' || r.rolname || ' ' || command FROM ({_OURS}) o CROSS JOIN pg_roles r
        CROSS JOIN unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) command
        WHERE o.relkind IN ('r', 'p', 'v') AND r.rolname IN {ROLES} AND has_table_privilege(r.oid, o.oid, command)""",
    "rights for everybody": f"""
        SELECT o.relname FROM ({_OURS}) o JOIN pg_class c USING (oid), aclexplode(c.relacl) acl
        WHERE acl.grantee = 0""",
    "the map roles can write": f"""
        SELECT o.relname || ': ' || r.rolname FROM ({_OURS}) o CROSS JOIN pg_roles r
        WHERE o.relkind IN ('r', 'p', 'v') AND r.rolname IN ('forestgis_map', 'forestgis_map_prefecture')
          AND (has_any_column_privilege(r.oid, o.oid, 'INSERT, UPDATE')
               OR has_table_privilege(r.oid, o.oid, 'DELETE'))""",
    "the map roles can read accounts": f"""
        SELECT o.relname || ': ' || r.rolname FROM ({_OURS}) o CROSS JOIN pg_roles r
        WHERE o.relkind IN ('r', 'p', 'v') AND r.rolname IN ('forestgis_map', 'forestgis_map_prefecture')
          AND o.relname ~ '^(accounts|django|auth|jobs)_' AND has_any_column_privilege(r.oid, o.oid, 'SELECT')""",
    "a function with its owner's rights and a search path of the caller's choice": """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.prosecdef AND p.pronamespace IN ('public'::regnamespace, 'tenancy'::regnamespace)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                          AND d.objid = p.oid AND d.deptype = 'e')
          AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search_path=%%')""",
    "the audit trail cannot be added to, or its rows can be changed": f"""
        SELECT 'no policy for the owner role to add rows'
        WHERE NOT EXISTS (SELECT FROM ({_POLICIES}) p WHERE {_TRAIL_WRITER})
        UNION ALL
        SELECT 'no trigger that refuses changes'
        WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'public.audit_entry'::regclass
                          AND t.tgfoid = 'tenancy.refuse_change()'::regprocedure AND t.tgenabled = 'O'
                          AND t.tgtype & 58 = 58)
        UNION ALL
        SELECT r.rolname || ' ' || command FROM pg_roles r
        CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) command
        WHERE r.rolname IN {ROLES} AND has_table_privilege(r.oid, 'public.audit_entry', command)""",
    "the audit trail of a table is switched off": """
        SELECT t.tgrelid::regclass || ': ' || t.tgname FROM pg_trigger t
        WHERE t.tgfoid = 'tenancy.audit_changes()'::regprocedure AND t.tgenabled <> 'O'
        UNION ALL
        SELECT t.tgrelid::regclass || ': not all of insert, update, delete' FROM pg_trigger t
        WHERE t.tgfoid = 'tenancy.audit_changes()'::regprocedure
        GROUP BY t.tgrelid HAVING count(*) <> 3""",
    "the signing key is open": f"""
        SELECT r.rolname FROM pg_roles r WHERE r.rolname IN {ROLES}
          AND (has_table_privilege(r.oid, 'tenancy.signing_key', 'SELECT, INSERT, UPDATE, DELETE')
               OR has_function_privilege(r.oid, 'tenancy.claims()', 'EXECUTE'))""",
    "unexpected rights on a table of Django's": f"""
        SELECT o.relname || ': ' || r.rolname FROM ({_OURS}) o CROSS JOIN pg_roles r
        WHERE o.relname = any(%(unprotected)s) AND r.rolname IN {ROLES}
          AND has_any_column_privilege(r.oid, o.oid, 'SELECT, INSERT, UPDATE')
          AND NOT r.rolname = any(string_to_array(%(allowed)s::jsonb ->> o.relname::text, ' '))""",
    "a schema that a role of the application may create in": f"""
        SELECT n.nspname || ': ' || r.rolname FROM pg_namespace n CROSS JOIN pg_roles r
        WHERE n.nspname IN ('public', 'tenancy') AND r.rolname IN {ROLES}
          AND has_schema_privilege(r.oid, n.oid, 'CREATE')""",
}


def find_leaks(cursor: CursorWrapper) -> list[str]:
    """Return what is wrong with the connected database, one line a hole; nothing if it is tight.

    Parameters
    ----------
    cursor : CursorWrapper
        Of a login that sees the catalogue; any does.
    """
    params: dict[str, list[str] | str] = {
        "unprotected": list(UNPROTECTED),
        "allowed": json.dumps(UNPROTECTED),
    }
    found = []
    for hole, query in CHECKS.items():
        cursor.execute(query, params)
        found += [f"{hole}: {name}" for (name,) in cursor.fetchall()]
    return sorted(found)
