-- What maps draw of the register, prepared: the rows of each municipality's current edition with their attributes in one
-- place, and generalised shapes for scales at which 小班 cannot be told apart. A tile then costs what it shows, however
-- many editions are stored. Ordinary tables under the same policies as the register itself; triggers keep them up in
-- the transaction of the change, with the rights of who changes it.

-- Storeys stand on the same ground, so their stocks per hectare add up. A group is named when it holds three quarters.
create function maps_species_group(broadleaf numeric, conifer numeric) returns text
language sql immutable parallel safe as $$
    select case
        when coalesce(broadleaf, 0) + coalesce(conifer, 0) <= 0 then 'none'
        when coalesce(broadleaf, 0) >= 3 * coalesce(conifer, 0) then 'broadleaf'
        when coalesce(conifer, 0) >= 3 * coalesce(broadleaf, 0) then 'conifer'
        else 'mixed'
    end
$$;

-- 小班 of every edition with the attributes of its main storey.
create view map_subcompartment_edition with (security_invoker = true) as
select s.id as fid,
       s.municipality_code,
       s.edition,
       s.keycode,
       s.compartment_number,
       s.compartment_number || '-' || s.number as label,
       s.area_ha,
       s.register_area_ha,
       maps_species_group(stock.broadleaf, stock.conifer) as species_group,
       main.species1_code as species_code,
       coalesce(species.name, main.species1_code) as species,
       main.forest_type_code,
       coalesce(forest_type.name, main.forest_type_code) as forest_type,
       main.protection_code,
       coalesce(protection.name, main.protection_code) as protection,
       main.age::integer as age,
       ((main.age + 4) / 5)::integer as age_class,
       stock.broadleaf as stock_broadleaf_m3ha,
       stock.conifer as stock_conifer_m3ha,
       s.geom,
       s.geom_3857,
       s.label_3857
from registry_subcompartment s
left join lateral (
    select sum(t.stock_broadleaf_m3ha) as broadleaf, sum(t.stock_conifer_m3ha) as conifer
    from registry_stand t
    where t.subcompartment_id = s.id
) stock on true
left join lateral (
    select t.species1_code, t.forest_type_code, t.protection_code, t.age
    from registry_stand t
    where t.subcompartment_id = s.id
    order by t.storey
    limit 1
) main on true
left join lateral (
    select c.name
    from registry_codetable c
    where c."table" = 'species' and c.code = main.species1_code and c.edition <= s.edition
    order by c.edition desc
    limit 1
) species on true
left join lateral (
    select c.name
    from registry_codetable c
    where c."table" = 'forest_type' and c.code = main.forest_type_code and c.edition <= s.edition
    order by c.edition desc
    limit 1
) forest_type on true
left join lateral (
    select c.name
    from registry_codetable c
    where c."table" = 'protection' and c.code = main.protection_code and c.edition <= s.edition
    order by c.edition desc
    limit 1
) protection on true;

create table maps_subcompartment (
    fid bigint primary key,
    municipality_code varchar(5) not null,
    edition smallint not null,
    keycode varchar(14) not null,
    compartment_number integer not null,
    label text not null,
    area_ha numeric(10, 4) not null,
    register_area_ha numeric(10, 4),
    species_group text not null,
    species_code text,
    species text,
    forest_type_code text,
    forest_type text,
    protection_code text,
    protection text,
    age integer,
    age_class integer,
    stock_broadleaf_m3ha numeric(10, 1),
    stock_conifer_m3ha numeric(10, 1),
    geom geometry(MultiPolygon, 6668) not null,
    geom_3857 geometry(MultiPolygon, 3857) not null,
    label_3857 geometry(Point, 3857) not null,
    unique (municipality_code, keycode)
);
create index maps_subcompartment_3857 on maps_subcompartment using gist (geom_3857);
create index maps_subcompartment_compartment on maps_subcompartment (municipality_code, compartment_number);

-- `geom_z11` and `geom_z9` are simplified by less than a pixel of their zoom (512-pixel tiles: 38 m and 153 m).
create table maps_compartment (
    fid bigint primary key,
    municipality_code varchar(5) not null,
    edition smallint not null,
    number integer not null,
    area_ha numeric(12, 4),
    species_group text not null default 'none',
    stock_broadleaf_m3ha numeric(10, 1),
    stock_conifer_m3ha numeric(10, 1),
    geom geometry(MultiPolygon, 6668) not null,
    geom_3857 geometry(MultiPolygon, 3857) not null,
    label_3857 geometry(Point, 3857) not null,
    geom_z11 geometry(MultiPolygon, 3857) not null,
    geom_z9 geometry(MultiPolygon, 3857) not null,
    unique (municipality_code, number)
);
create index maps_compartment_3857 on maps_compartment using gist (geom_3857);
create index maps_compartment_z11 on maps_compartment using gist (geom_z11);
create index maps_compartment_z9 on maps_compartment using gist (geom_z9);

-- The forest of a municipality in one piece; which edition its maps show.
create table maps_forest (
    municipality_code varchar(5) primary key,
    edition smallint not null,
    area_ha numeric(14, 4),
    species_group text not null default 'none',
    stock_broadleaf_m3ha numeric(10, 1),
    stock_conifer_m3ha numeric(10, 1),
    geom_z8 geometry(MultiPolygon, 3857) not null,
    geom_z6 geometry(MultiPolygon, 3857) not null
);
create index maps_forest_z8 on maps_forest using gist (geom_z8);
create index maps_forest_z6 on maps_forest using gist (geom_z6);

-- The edition that a municipality's maps are to show.
create function maps_current_edition(code text) returns integer
language sql stable parallel safe as $$
    select year from registry_edition where municipality_code = code and state = 'current'
$$;

-- Douglas-Peucker that keeps what would vanish: a tile must not be empty where there is forest.
create function maps_simplified(shape geometry, tolerance_m double precision) returns geometry
language sql immutable parallel safe as $$
    select ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_SimplifyPreserveTopology(shape, tolerance_m)), 3))
$$;

create function maps_store_subcompartments(ids bigint[]) returns void language sql as $$
    delete from maps_subcompartment where fid = any(ids);
    insert into maps_subcompartment
        (fid, municipality_code, edition, keycode, compartment_number, label, area_ha, register_area_ha, species_group,
         species_code, species, forest_type_code, forest_type, protection_code, protection, age, age_class,
         stock_broadleaf_m3ha, stock_conifer_m3ha, geom, geom_3857, label_3857)
    select s.fid, s.municipality_code, s.edition, s.keycode, s.compartment_number, s.label, s.area_ha,
           s.register_area_ha, s.species_group, s.species_code, s.species, s.forest_type_code, s.forest_type,
           s.protection_code, s.protection, s.age, s.age_class, s.stock_broadleaf_m3ha, s.stock_conifer_m3ha,
           s.geom, s.geom_3857, s.label_3857
    from map_subcompartment_edition s
    join maps_forest shown on shown.municipality_code = s.municipality_code and shown.edition = s.edition
    where s.fid in (select unnest(ids));
$$;

create function maps_store_compartments(of_municipality text, of_edition integer, numbers integer[]) returns void
language sql as $$
    delete from maps_compartment where municipality_code = of_municipality and number = any(numbers);
    insert into maps_compartment
        (fid, municipality_code, edition, number, geom, geom_3857, label_3857, geom_z11, geom_z9)
    select c.id, c.municipality_code, c.edition, c.number, c.geom, c.geom_3857, c.label_3857,
           maps_simplified(c.geom_3857, 25), maps_simplified(c.geom_3857, 110)
    from registry_compartment c
    where c.municipality_code = of_municipality and c.edition = of_edition and c.number = any(numbers);
$$;

-- Borders that were simplified apart are closed by growing and shrinking, holes that no scale below shows are filled.
create function maps_store_forest(of_municipality text, of_edition integer) returns void language sql as $$
    delete from maps_forest where municipality_code = of_municipality;
    insert into maps_forest (municipality_code, edition, geom_z8, geom_z6)
    select of_municipality, of_edition, maps_simplified(forest.shape, 150), maps_simplified(forest.shape, 600)
    from (
        select ST_Buffer(ST_Union(ST_Buffer(geom_z9, 120, 'quad_segs=1')), -110, 'quad_segs=1') as shape
        from maps_compartment
        where municipality_code = of_municipality
    ) forest
    where forest.shape is not null;
$$;

-- Areas and stocks of 林班 and forest from their 小班; stocks per hectare weigh by area.
create function maps_sum_up(of_municipality text, numbers integer[]) returns void language sql as $$
    -- Two changes in one forest add up one after the other.
    select from maps_forest where municipality_code = of_municipality for update;

    update maps_compartment c
    set area_ha = total.area_ha,
        species_group = maps_species_group(total.broadleaf, total.conifer),
        stock_broadleaf_m3ha = total.broadleaf,
        stock_conifer_m3ha = total.conifer
    from (
        select s.compartment_number,
               sum(s.area_ha) as area_ha,
               round(sum(s.stock_broadleaf_m3ha * s.area_ha) / nullif(sum(s.area_ha), 0), 1) as broadleaf,
               round(sum(s.stock_conifer_m3ha * s.area_ha) / nullif(sum(s.area_ha), 0), 1) as conifer
        from maps_subcompartment s
        where s.municipality_code = of_municipality and s.compartment_number = any(numbers)
        group by s.compartment_number
    ) total
    where c.municipality_code = of_municipality and c.number = total.compartment_number;

    update maps_forest f
    set area_ha = total.area_ha,
        species_group = maps_species_group(total.broadleaf, total.conifer),
        stock_broadleaf_m3ha = total.broadleaf,
        stock_conifer_m3ha = total.conifer
    from (
        select sum(c.area_ha) as area_ha,
               round(sum(c.stock_broadleaf_m3ha * c.area_ha) / nullif(sum(c.area_ha), 0), 1) as broadleaf,
               round(sum(c.stock_conifer_m3ha * c.area_ha) / nullif(sum(c.area_ha), 0), 1) as conifer
        from maps_compartment c
        where c.municipality_code = of_municipality
    ) total
    where f.municipality_code = of_municipality;
$$;

-- Everything of a municipality anew, from the edition that is current now; nothing if there is none.
create function maps_show_register(of_municipality text) returns void language plpgsql as $$
declare
    shown constant integer := maps_current_edition(of_municipality);
    numbers constant integer[] := array(
        select c.number from registry_compartment c where c.municipality_code = of_municipality and c.edition = shown
    );
begin
    delete from maps_subcompartment where municipality_code = of_municipality;
    delete from maps_compartment where municipality_code = of_municipality;
    perform maps_store_compartments(of_municipality, shown, numbers);
    perform maps_store_forest(of_municipality, shown);
    perform maps_store_subcompartments(array(
        select s.id from registry_subcompartment s where s.municipality_code = of_municipality and s.edition = shown
    ));
    perform maps_sum_up(of_municipality, numbers);
end
$$;

create function maps_editions_changed() returns trigger language plpgsql as $$
begin
    perform maps_show_register(c.municipality_code)
    from (select distinct municipality_code from changed) c
    left join maps_forest shown on shown.municipality_code = c.municipality_code
    where shown.edition is distinct from maps_current_edition(c.municipality_code);
    return null;
end
$$;

-- An edition is shown once it has 林班, which importers store last.
create function maps_compartments_changed() returns trigger language plpgsql as $$
declare
    touched record;
begin
    for touched in
        select c.municipality_code, c.edition, array_agg(c.number) as numbers, shown.edition = c.edition as is_shown
        from changed c
        left join maps_forest shown on shown.municipality_code = c.municipality_code
        where c.edition = maps_current_edition(c.municipality_code)
        group by c.municipality_code, c.edition, shown.edition
    loop
        if touched.is_shown then
            perform maps_store_compartments(touched.municipality_code, touched.edition, touched.numbers);
            perform maps_store_forest(touched.municipality_code, touched.edition);
            perform maps_sum_up(touched.municipality_code, touched.numbers);
        else
            perform maps_show_register(touched.municipality_code);
        end if;
    end loop;
    return null;
end
$$;

create function maps_subcompartments_changed() returns trigger language plpgsql as $$
declare
    touched record;
begin
    for touched in
        select c.municipality_code, array_agg(c.id) as ids, array_agg(distinct c.compartment_number) as numbers
        from changed c
        join maps_forest shown on shown.municipality_code = c.municipality_code and shown.edition = c.edition
        group by c.municipality_code
    loop
        perform maps_store_subcompartments(touched.ids);
        perform maps_sum_up(touched.municipality_code, touched.numbers);
    end loop;
    return null;
end
$$;

create function maps_stands_changed() returns trigger language plpgsql as $$
declare
    touched record;
begin
    for touched in
        select s.municipality_code, array_agg(s.fid) as ids, array_agg(distinct s.compartment_number) as numbers
        from maps_subcompartment s
        where s.fid in (select c.subcompartment_id from changed c)
        group by s.municipality_code
    loop
        perform maps_store_subcompartments(touched.ids);
        perform maps_sum_up(touched.municipality_code, touched.numbers);
    end loop;
    return null;
end
$$;

create function maps_codes_changed() returns trigger language plpgsql as $$
begin
    perform maps_store_subcompartments(array_agg(s.fid))
    from maps_subcompartment s
    join changed c on c.edition <= s.edition
                  and c.code = case c."table" when 'species' then s.species_code
                                              when 'forest_type' then s.forest_type_code
                                              when 'protection' then s.protection_code end
    where c.name is distinct from case c."table" when 'species' then s.species
                                                 when 'forest_type' then s.forest_type
                                                 when 'protection' then s.protection end;
    return null;
end
$$;

-- Municipalities at small scales.
create table maps_municipality (
    code varchar(5) primary key,
    geom_z9 geometry(MultiPolygon, 3857) not null,
    geom_z6 geometry(MultiPolygon, 3857) not null
);
create index maps_municipality_z9 on maps_municipality using gist (geom_z9);
create index maps_municipality_z6 on maps_municipality using gist (geom_z6);

create function maps_municipalities_changed() returns trigger language plpgsql as $$
begin
    delete from maps_municipality where code in (select c.code from changed c);
    insert into maps_municipality (code, geom_z9, geom_z6)
    select m.code, maps_simplified(m.geom_3857, 60), maps_simplified(m.geom_3857, 500)
    from registry_municipality m
    where m.code in (select c.code from changed c);
    return null;
end
$$;

-- Transition tables belong to one event each.
do $$
declare
    source record;
begin
    for source in
        select * from (values
            ('registry_edition', 'maps_editions_changed'),
            ('registry_compartment', 'maps_compartments_changed'),
            ('registry_subcompartment', 'maps_subcompartments_changed'),
            ('registry_stand', 'maps_stands_changed'),
            ('registry_codetable', 'maps_codes_changed'),
            ('registry_municipality', 'maps_municipalities_changed')
        ) as sources(name, action)
    loop
        execute format('create trigger maps_after_insert after insert on %I referencing new table as changed'
                       ' for each statement execute function %I()', source.name, source.action);
        execute format('create trigger maps_after_update after update on %I referencing new table as changed'
                       ' for each statement execute function %I()', source.name, source.action);
        execute format('create trigger maps_after_delete after delete on %I referencing old table as changed'
                       ' for each statement execute function %I()', source.name, source.action);
    end loop;
end
$$;
