-- Rights in the token are letters: w may write, a administers the own organisation's people and reads its audit trail.

CREATE OR REPLACE FUNCTION tenancy.can_write() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(strpos((tenancy.claims())[5], 'w') > 0, false) $$;

CREATE FUNCTION tenancy.is_administrator() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(strpos((tenancy.claims())[5], 'a') > 0, false) $$;

REVOKE ALL ON FUNCTION tenancy.is_administrator() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.is_administrator()
    TO forestgis_web, forestgis_worker, forestgis_map, forestgis_map_prefecture;
