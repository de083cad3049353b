-- geom_3857 and label_3857 of 林班 and 小班: kept as they are, no longer generated; a writer may bring them along.
ALTER TABLE registry_compartment ALTER COLUMN geom_3857 DROP EXPRESSION, ALTER COLUMN label_3857 DROP EXPRESSION;
ALTER TABLE registry_subcompartment ALTER COLUMN geom_3857 DROP EXPRESSION, ALTER COLUMN label_3857 DROP EXPRESSION;

CREATE FUNCTION registry_project() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.geom_3857 := ST_Transform(NEW.geom, 3857);
    NEW.label_3857 := ST_PointOnSurface(NEW.geom_3857);
    RETURN NEW;
END
$$;
CREATE TRIGGER project_new BEFORE INSERT ON registry_compartment FOR EACH ROW
    WHEN (NEW.geom_3857 IS NULL OR NEW.label_3857 IS NULL) EXECUTE FUNCTION registry_project();
CREATE TRIGGER project_new BEFORE INSERT ON registry_subcompartment FOR EACH ROW
    WHEN (NEW.geom_3857 IS NULL OR NEW.label_3857 IS NULL) EXECUTE FUNCTION registry_project();
-- A changed shape that comes with the old projection, or with none, is projected anew.
CREATE TRIGGER project_changed BEFORE UPDATE ON registry_compartment FOR EACH ROW
    WHEN (NEW.geom IS DISTINCT FROM OLD.geom AND NEW.geom_3857 IS NOT DISTINCT FROM OLD.geom_3857
          OR NEW.geom_3857 IS NULL OR NEW.label_3857 IS NULL)
    EXECUTE FUNCTION registry_project();
CREATE TRIGGER project_changed BEFORE UPDATE ON registry_subcompartment FOR EACH ROW
    WHEN (NEW.geom IS DISTINCT FROM OLD.geom AND NEW.geom_3857 IS NOT DISTINCT FROM OLD.geom_3857
          OR NEW.geom_3857 IS NULL OR NEW.label_3857 IS NULL)
    EXECUTE FUNCTION registry_project();

-- 小班 of a year make an edition of that year, whoever writes them; the first one of a municipality is its current one.
-- It runs with the writer's rights, so it makes none that the writer could not.
CREATE FUNCTION registry_note_edition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_edition (municipality_code, year, state, source, sha256)
    SELECT municipality_code, edition,
           CASE WHEN edition = max(edition) OVER (PARTITION BY municipality_code) AND NOT EXISTS (
               SELECT FROM registry_edition e
               WHERE e.municipality_code = missing.municipality_code AND e.state = 'current'
           ) THEN 'current' ELSE 'loaded' END,
           '', ''
    FROM (SELECT DISTINCT municipality_code, edition FROM new_rows) missing
    WHERE NOT EXISTS (
        SELECT FROM registry_edition e
        WHERE e.municipality_code = missing.municipality_code AND e.year = missing.edition
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_edition AFTER INSERT ON registry_subcompartment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION registry_note_edition();

-- Registers that are already there: the newest year of a municipality is the current one. Row-level security, forced on
-- the owner as well, would hide them from this statement.
ALTER TABLE registry_subcompartment NO FORCE ROW LEVEL SECURITY;
INSERT INTO registry_edition (municipality_code, year, state, source, sha256)
SELECT municipality_code, edition,
       CASE WHEN edition = max(edition) OVER (PARTITION BY municipality_code) THEN 'current' ELSE 'loaded' END, '', ''
FROM (SELECT DISTINCT municipality_code, edition FROM registry_subcompartment) present;
ALTER TABLE registry_subcompartment FORCE ROW LEVEL SECURITY;
SET CONSTRAINTS ALL IMMEDIATE;
