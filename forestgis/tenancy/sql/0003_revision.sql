-- How often what belongs to a topic has changed: the sum of its rows. A statement raises it inside its transaction, so
-- that the number is new exactly when the change is seen. Writers of one topic do not wait for each other: each counts in
-- a row of its own, chosen by its connection.
CREATE TABLE tenancy.revision (
    topic text,
    shard smallint,
    number bigint NOT NULL,
    PRIMARY KEY (topic, shard)
);

-- Trigger of a statement; its argument is the topic. A transaction counts once.
CREATE FUNCTION tenancy.note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted constant text := 'forestgis.noted_' || tg_argv[0];
    this constant text := pg_current_xact_id()::text;
BEGIN
    IF current_setting(noted, true) IS DISTINCT FROM this THEN
        INSERT INTO tenancy.revision AS r (topic, shard, number) VALUES (tg_argv[0], pg_backend_pid() % 64, 1)
        ON CONFLICT (topic, shard) DO UPDATE SET number = r.number + 1;
        PERFORM set_config(noted, this, true);
    END IF;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION tenancy.note_change() FROM PUBLIC;
GRANT SELECT ON tenancy.revision TO forestgis_web, forestgis_worker, forestgis_map, forestgis_map_prefecture;
