-- registry_summary: what search, lists and totals ask of a 小班, one narrow row each. Triggers keep it, so that no writer
-- can forget it; this file is the one place that says how it follows from 小班 and storeys.

-- Held to the 小班 and its municipality at once, and gone with it.
ALTER TABLE registry_summary ADD CONSTRAINT registry_summary_same_municipality_as_subcompartment
    FOREIGN KEY (subcompartment_id, municipality_code) REFERENCES registry_subcompartment (id, municipality_code)
    ON DELETE CASCADE;

-- The first storey (the upper one) speaks for the 小班; stocks of all storeys add up, since they stand on one ground.
-- Whole numbers, because only their comparison may be answered by an index before the policies are asked.
CREATE FUNCTION registry_summarise(ids bigint[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO registry_summary (
        subcompartment_id, municipality_code, edition, keycode, compartment_number, number, area_m2, storeys,
        protection_code, forest_type_code, species1_code, species_codes, age, conifer_tenth_m3ha,
        broadleaf_tenth_m3ha, lot
    )
    SELECT s.id, s.municipality_code, s.edition, s.keycode, s.compartment_number, s.number,
           round(coalesce(s.register_area_ha, s.area_ha) * 10000)::integer, coalesce(t.storeys, 0),
           coalesce(t.protection_code, ''), coalesce(t.forest_type_code, ''), coalesce(t.species1_code, ''),
           coalesce(t.species_codes, '{}'), coalesce(t.age, 0), coalesce(round(t.conifer * 10)::integer, -1),
           coalesce(round(t.broadleaf * 10)::integer, -1), coalesce(t.lot, '')
    FROM unnest(ids) wanted (id)
    JOIN registry_subcompartment s USING (id)
    LEFT JOIN (
        SELECT DISTINCT ON (t.subcompartment_id)
               t.subcompartment_id, t.protection_code, t.forest_type_code, t.species1_code, t.age, t.lot,
               count(*) OVER storeys AS storeys,
               sum(t.stock_conifer_m3ha) OVER storeys AS conifer,
               sum(t.stock_broadleaf_m3ha) OVER storeys AS broadleaf,
               array_remove(array_agg(t.species1_code) OVER storeys || array_agg(t.species2_code) OVER storeys
                            || array_agg(t.species3_code) OVER storeys, '') AS species_codes
        FROM unnest(ids) wanted (id)
        JOIN registry_stand t ON t.subcompartment_id = wanted.id
        WINDOW storeys AS (PARTITION BY t.subcompartment_id)
        ORDER BY t.subcompartment_id, t.storey
    ) t ON t.subcompartment_id = s.id
    ON CONFLICT (subcompartment_id) DO UPDATE SET
        municipality_code = excluded.municipality_code, edition = excluded.edition, keycode = excluded.keycode,
        compartment_number = excluded.compartment_number, number = excluded.number, area_m2 = excluded.area_m2,
        storeys = excluded.storeys, protection_code = excluded.protection_code,
        forest_type_code = excluded.forest_type_code, species1_code = excluded.species1_code,
        species_codes = excluded.species_codes, age = excluded.age, conifer_tenth_m3ha = excluded.conifer_tenth_m3ha,
        broadleaf_tenth_m3ha = excluded.broadleaf_tenth_m3ha, lot = excluded.lot
$$;

-- Argument: the column that names the 小班. It runs with the writer's rights: the policies hold for the summary as well.
-- A bulk load may say that it summarises at its end (services.summaries), so that every row is written once.
CREATE FUNCTION registry_keep_summary() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF current_setting('forestgis.summarise_later', true) = 'on' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM changed', TG_ARGV[0]) INTO ids;
    IF ids IS NOT NULL THEN
        PERFORM registry_summarise(ids);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER summarise_new AFTER INSERT ON registry_subcompartment
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_keep_summary('id');
CREATE TRIGGER summarise_changed AFTER UPDATE ON registry_subcompartment
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_keep_summary('id');
CREATE TRIGGER summarise_new AFTER INSERT ON registry_stand
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_keep_summary('subcompartment_id');
CREATE TRIGGER summarise_changed AFTER UPDATE ON registry_stand
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_keep_summary('subcompartment_id');
CREATE TRIGGER summarise_removed AFTER DELETE ON registry_stand
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION registry_keep_summary('subcompartment_id');

-- Registers that are already there. Row-level security, forced on the owner as well, would hide them from this statement.
ALTER TABLE registry_subcompartment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE registry_stand NO FORCE ROW LEVEL SECURITY;
SELECT registry_summarise(array_agg(id)) FROM registry_subcompartment;
ALTER TABLE registry_subcompartment FORCE ROW LEVEL SECURITY;
ALTER TABLE registry_stand FORCE ROW LEVEL SECURITY;
