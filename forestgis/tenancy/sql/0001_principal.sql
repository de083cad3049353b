-- The principal of a transaction, read back from the signed setting that the application puts there.
-- Owned by the owner role; the runtime roles may call the functions and cannot read the key.

CREATE SCHEMA tenancy;

CREATE TABLE tenancy.signing_key (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    key bytea NOT NULL CHECK (octet_length(key) >= 16)
);
COMMENT ON TABLE tenancy.signing_key IS 'Key of the principal''s signature; readable by the owner role only.';

-- The verified parts of the token: kind, codes, user, organisation, w, expiry, signature. NULL if there is none, or it
-- is forged or expired. Nothing of it is read as a number or a list before the signature has been found good.
CREATE FUNCTION tenancy.claims() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    token text := current_setting('forestgis.principal', true);
    parts text[];
    signed text;
    secret bytea;
BEGIN
    IF token IS NULL OR token = '' THEN
        RETURN NULL;
    END IF;
    parts := string_to_array(token, '|');
    IF cardinality(parts) <> 7 THEN
        RETURN NULL;
    END IF;
    SELECT k.key INTO secret FROM tenancy.signing_key k;
    IF secret IS NULL THEN
        RETURN NULL;
    END IF;
    signed := array_to_string(parts[1:6], '|');
    -- Compared by their own signatures, so that the time it takes tells nothing about the bytes that agree.
    IF public.hmac(convert_to(parts[7], 'UTF8'), secret, 'sha256')
       <> public.hmac(convert_to(encode(public.hmac(convert_to(signed, 'UTF8'), secret, 'sha256'), 'hex'), 'UTF8'),
                      secret, 'sha256') THEN
        RETURN NULL;
    END IF;
    IF parts[6]::bigint <= extract(epoch FROM clock_timestamp()) THEN
        RETURN NULL;
    END IF;
    RETURN parts;
END
$$;

CREATE FUNCTION tenancy.kind() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT (tenancy.claims())[1] $$;

CREATE FUNCTION tenancy.codes() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(string_to_array(nullif((tenancy.claims())[2], ''), ','), '{}') $$;

CREATE FUNCTION tenancy.user_id() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT nullif((tenancy.claims())[3], '')::bigint $$;

CREATE FUNCTION tenancy.organisation_id() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT nullif((tenancy.claims())[4], '')::bigint $$;

CREATE FUNCTION tenancy.can_write() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce((tenancy.claims())[5] = 'w', false) $$;

-- One row's visibility, for functions and one-off queries. Policies spell it out instead (forestgis/tenancy/policies.py):
-- there the principal is read once a statement, not once a row.
CREATE FUNCTION tenancy.may_read(municipality_code text, sharing text, shared_with text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        tenancy.kind() = 'prefecture'
        OR (municipality_code = any(tenancy.codes()) AND sharing <> 'prefecture')
        OR (sharing = 'public' AND tenancy.kind() IN ('public', 'municipal'))
        OR (sharing = 'municipalities' AND tenancy.kind() = 'municipal')
        OR (sharing = 'named' AND shared_with::text[] && tenancy.codes()),
        false)
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tenancy FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA tenancy FROM PUBLIC;
GRANT USAGE ON SCHEMA tenancy TO forestgis_web, forestgis_worker, forestgis_map, forestgis_map_prefecture;
GRANT EXECUTE ON FUNCTION tenancy.kind(), tenancy.codes(), tenancy.user_id(), tenancy.organisation_id(),
    tenancy.can_write(), tenancy.may_read(text, text, text[])
    TO forestgis_web, forestgis_worker, forestgis_map, forestgis_map_prefecture;
