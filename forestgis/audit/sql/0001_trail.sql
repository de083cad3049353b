-- The audit trail is written here and nowhere else: by the trigger that `Audited` (forestgis/tenancy/policies.py) puts on
-- a table, and by tenancy.record_read. Both run as the owner role and take who acts from the signed principal, so that
-- injected SQL can neither leave itself out nor write in another's name.

-- The owner may add rows of whoever acts, and do nothing else: row-level security is forced on it.
CREATE POLICY append_rows ON audit_entry FOR INSERT TO forestgis_owner WITH CHECK (
    user_id IS NOT DISTINCT FROM (SELECT tenancy.user_id())
    AND organisation_id IS NOT DISTINCT FROM (SELECT tenancy.organisation_id())
);

-- Policies do not hold TRUNCATE and give an UPDATE no error; this does, for the owner and a superuser as well.
CREATE FUNCTION tenancy.refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change();

-- Who acts, as the first columns of an entry.
CREATE FUNCTION tenancy.actor(
    OUT at timestamptz, OUT user_id bigint, OUT organisation_id bigint, OUT principal_kind text,
    OUT database_role text, OUT transaction_id bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT clock_timestamp(), tenancy.user_id(), tenancy.organisation_id(), coalesce(tenancy.kind(), ''),
           session_user::text, txid_current()
$$;

-- Columns in which two versions of a row differ, with the value of the first. Masked columns show that they changed.
CREATE FUNCTION tenancy.differing(one jsonb, other jsonb, ignored text[], masked text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_object_agg(key, CASE WHEN key = any(masked) THEN '"***"'::jsonb ELSE value END)
    FROM jsonb_each(one)
    WHERE NOT key = any(ignored) AND other -> key IS DISTINCT FROM value
$$;

-- Arguments: key column, municipality column or '', columns to ignore, columns to mask (comma lists), confidential.
-- Statement triggers see all rows of a statement at once. More than 1,000 new or removed rows (an import) are one entry a
-- municipality, with their number: nothing is lost that the rows or the files do not tell. Changes are always
-- written row by row, since only the trail knows what was there before.
CREATE FUNCTION tenancy.audit_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bulk CONSTANT integer := 1000;
    municipality CONSTANT text := CASE TG_ARGV[1] WHEN '' THEN 'NULL' ELSE quote_ident(TG_ARGV[1]) END;
    rows CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN 'old_rows' ELSE 'new_rows' END;
    -- Generated columns repeat others.
    ignored CONSTANT text[] := string_to_array(TG_ARGV[2], ',') || array(
        SELECT attname::text FROM pg_attribute WHERE attrelid = TG_RELID AND attgenerated <> '');
    number bigint;
    source text;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I', rows) INTO number;
    IF TG_OP = 'UPDATE' THEN
        source := format($sql$
            SELECT row_key, coalesce(became ->> $2, was ->> $2), 1,
                   tenancy.differing(was, became, $3, $4), tenancy.differing(became, was, $3, $4)
            FROM (SELECT %1$I::text AS row_key, to_jsonb(o) - $3 AS was FROM old_rows o) o
            FULL JOIN (SELECT %1$I::text AS row_key, to_jsonb(n) - $3 AS became FROM new_rows n) n USING (row_key)
            WHERE was IS DISTINCT FROM became
        $sql$, TG_ARGV[0]);
    ELSIF number > bulk THEN
        source := format(
            'SELECT %2$L, %1$s, count(*), NULL::jsonb, NULL::jsonb FROM %3$I r GROUP BY 2', municipality, '', rows);
    ELSE
        source := format($sql$
            SELECT %I::text, %s, 1,
                   CASE $1 WHEN 'delete' THEN tenancy.differing(to_jsonb(r), '{}', $3, $4) END,
                   CASE $1 WHEN 'insert' THEN tenancy.differing(to_jsonb(r), '{}', $3, $4) END
            FROM %I r
        $sql$, TG_ARGV[0], municipality, rows);
    END IF;
    EXECUTE format($sql$
        INSERT INTO public.audit_entry (at, user_id, organisation_id, principal_kind, database_role, transaction_id,
            action, table_name, confidential, purpose, row_key, municipality_code, row_count, before, after)
        SELECT actor.*, $1, $5, $6, '', written.* FROM (%s) written CROSS JOIN tenancy.actor() AS actor
    $sql$, source)
    USING lower(TG_OP), TG_ARGV[1], ignored, string_to_array(TG_ARGV[3], ','), TG_TABLE_NAME, TG_ARGV[4]::boolean;
    RETURN NULL;
END
$$;

-- Reading of personal data. Fails without a signed principal, without a purpose, or for a municipality not one's own.
CREATE FUNCTION tenancy.record_read(
    table_name text, row_key text, municipality_code text, row_count integer, purpose text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tenancy.kind() IS NULL THEN
        RAISE EXCEPTION 'reading personal data needs a principal' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF coalesce(btrim(purpose), '') = '' THEN
        RAISE EXCEPTION 'reading personal data needs a purpose' USING ERRCODE = 'check_violation';
    END IF;
    IF tenancy.kind() <> 'prefecture' AND NOT coalesce(municipality_code = any(tenancy.codes()), false) THEN
        RAISE EXCEPTION 'personal data of municipality % is not the reader''s', municipality_code
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.audit_entry (at, user_id, organisation_id, principal_kind, database_role, transaction_id,
        action, table_name, row_key, municipality_code, row_count, before, after, purpose, confidential)
    SELECT actor.*, 'read', record_read.table_name, record_read.row_key, record_read.municipality_code,
           record_read.row_count, NULL, NULL, record_read.purpose, true
    FROM tenancy.actor() AS actor;
END
$$;

REVOKE ALL ON FUNCTION tenancy.refuse_change(), tenancy.actor(), tenancy.audit_changes(),
    tenancy.differing(jsonb, jsonb, text[], text[]), tenancy.record_read(text, text, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.record_read(text, text, text, integer, text) TO forestgis_web;
