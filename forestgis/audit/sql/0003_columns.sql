-- Arguments: key column, municipality column or '', columns to ignore, columns to mask (comma lists), confidential.
-- Statement triggers see all rows of a statement at once. More than 1,000 new or removed rows (an import) are one entry a
-- municipality, with their number: nothing is lost that the rows or the files do not tell. Changes are always
-- written row by row, since only the trail knows what was there before.
CREATE OR REPLACE FUNCTION tenancy.audit_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bulk CONSTANT integer := 1000;
    municipality CONSTANT text := CASE TG_ARGV[1] WHEN '' THEN 'NULL' ELSE quote_ident(TG_ARGV[1]) END;
    rows CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN 'old_rows' ELSE 'new_rows' END;
    -- Generated columns repeat others.
    ignored CONSTANT text[] := string_to_array(TG_ARGV[2], ',') || array(
        SELECT attname::text FROM pg_attribute WHERE attrelid = TG_RELID AND attgenerated <> '');
    -- A shape as JSON costs more than the rest of the row: what is ignored is never turned into it.
    columns CONSTANT text := (
        SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
        WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
          AND (attname = TG_ARGV[0] OR NOT attname = any(ignored)));
    number bigint;
    source text;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I', rows) INTO number;
    IF TG_OP = 'UPDATE' THEN
        source := format($sql$
            SELECT row_key, coalesce(became ->> $2, was ->> $2), 1,
                   tenancy.differing(was, became, $3, $4), tenancy.differing(became, was, $3, $4)
            FROM (SELECT %1$I::text AS row_key, to_jsonb(o) - $3 AS was FROM (SELECT %2$s FROM old_rows) o) o
            FULL JOIN (SELECT %1$I::text AS row_key, to_jsonb(n) - $3 AS became FROM (SELECT %2$s FROM new_rows) n) n
                USING (row_key)
            WHERE was IS DISTINCT FROM became
        $sql$, TG_ARGV[0], columns);
    ELSIF number > bulk THEN
        source := format(
            'SELECT %2$L, %1$s, count(*), NULL::jsonb, NULL::jsonb FROM %3$I r GROUP BY 2', municipality, '', rows);
    ELSE
        source := format($sql$
            SELECT %I::text, %s, 1,
                   CASE $1 WHEN 'delete' THEN tenancy.differing(to_jsonb(r), '{}', $3, $4) END,
                   CASE $1 WHEN 'insert' THEN tenancy.differing(to_jsonb(r), '{}', $3, $4) END
            FROM (SELECT %s FROM %I) r
        $sql$, TG_ARGV[0], municipality, columns, rows);
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
