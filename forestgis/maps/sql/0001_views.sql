-- What the map shows, one view a layer. All are security_invoker: the reader's own policies decide about every row.
-- No view has a column about persons. `fid` is the whole-number key that tiles, WMS and WFS identify a feature by.

create view map_municipality with (security_invoker = true) as
select m.code::bigint as fid, m.code, m.name, m.name_en, m.geom, m.geom_3857, m.label_3857
from registry_municipality m;

-- The newest edition of each municipality. The unique key (municipality, edition, number) answers max() by index.
create view map_compartment with (security_invoker = true) as
select c.id as fid,
       c.municipality_code,
       c.edition,
       c.number,
       c.number || '林班' as label,
       c.geom,
       c.geom_3857,
       c.label_3857
from registry_compartment c
where c.edition = (
    select max(newest.edition) from registry_compartment newest where newest.municipality_code = c.municipality_code
);

-- Storeys stand on the same ground, so their stocks per hectare add up. A group is named when it holds three quarters.
create view map_subcompartment with (security_invoker = true) as
select s.id as fid,
       s.municipality_code,
       s.edition,
       s.keycode,
       s.compartment_number || '-' || s.number as label,
       s.area_ha,
       s.register_area_ha,
       case
           when coalesce(stock.broadleaf, 0) + coalesce(stock.conifer, 0) <= 0 then 'none'
           when coalesce(stock.broadleaf, 0) >= 3 * coalesce(stock.conifer, 0) then 'broadleaf'
           when coalesce(stock.conifer, 0) >= 3 * coalesce(stock.broadleaf, 0) then 'conifer'
           else 'mixed'
       end as species_group,
       coalesce(species.name, main.species1_code) as species,
       coalesce(forest_type.name, main.forest_type_code) as forest_type,
       main.age::integer as age,
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
    select t.species1_code, t.forest_type_code, t.age
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
where s.edition = (
    select max(newest.edition) from registry_compartment newest where newest.municipality_code = s.municipality_code
);

create view map_road with (security_invoker = true) as
select r.id as fid, r.municipality_code, r.name, r.road_class, r.surface, r.width_m, r.geom, r.geom_3857
from roads_segment r;

-- Runs with an active publication. A reader sees a publication, its run and its rows by the same rule (surveys' policies).
create view map_published_run with (security_invoker = true) as
select r.id,
       p.published_at,
       r.calibrated,
       coalesce((r.summary ->> 'simulated')::boolean, false) as simulated,
       concat_ws(
           '・',
           case when coalesce((r.summary ->> 'simulated')::boolean, false) then '架空データ' end,
           case when not r.calibrated then '未校正' end
       ) as caution
from surveys_run r
join surveys_publication p on p.run_id = r.id and p.withdrawn_at is null;

-- Register stock beside the volume: of the newest edition of the municipality that has the 小班 (a KEYCODE is unique
-- within both only), where the reader may see the register.
create view map_hardwood with (security_invoker = true) as
select z.id as fid,
       z.municipality_code,
       z.key as keycode,
       z.label,
       z.area_ha,
       z.scanned_ha,
       z.hardwood_m3,
       z.hardwood_se_m3,
       z.hardwood_m3ha,
       z.hardwood_se_m3ha,
       z.conifer_m3,
       z.conifer_se_m3,
       z.conifer_m3ha,
       z.conifer_se_m3ha,
       z.mean_height_m,
       z.cover_pct,
       z.extrapolated_pct,
       z.calibrated,
       run.simulated,
       z.scanned_on,
       register.hardwood_m3ha as register_hardwood_m3ha,
       register.conifer_m3ha as register_conifer_m3ha,
       z.run_id::text as run,
       run.caution,
       z.geom,
       z.geom_3857,
       z.label_3857
from surveys_zonevolume z
join map_published_run run on run.id = z.run_id
left join lateral (
    select sum(t.stock_broadleaf_m3ha) as hardwood_m3ha, sum(t.stock_conifer_m3ha) as conifer_m3ha
    from registry_stand t
    where t.subcompartment_id = (
        select s.id
        from registry_subcompartment s
        where s.keycode = z.key and s.municipality_code = z.municipality_code
        order by s.edition desc
        limit 1
    )
) register on true;

create view map_mesh20m with (security_invoker = true) as
select c.id as fid,
       c.municipality_code,
       c.jf20mid,
       c.hardwood_m3ha,
       c.hardwood_se_m3ha,
       c.conifer_m3ha,
       case c.stratum when 1 then '広葉樹' when 2 then '針葉樹' when 3 then '針広混交' else '立木なし' end as stratum,
       c.mean_height_m,
       c.cover_pct,
       c.stems,
       c.mean_dbh_cm,
       c.run_id::text as run,
       run.caution,
       c.geom,
       c.geom_3857
from surveys_meshcell c
join map_published_run run on run.id = c.run_id;

-- Paths are relative to the file store; one that would leave it is not shown to any reader of files.
create view map_raster_product with (security_invoker = true) as
select p.id as fid,
       p.municipality_code,
       p.run_id::text as run,
       p.kind,
       p.path,
       p.epsg,
       p.unit,
       run.published_at,
       p.footprint_3857
from surveys_product p
join map_published_run run on run.id = p.run_id
where p.path !~ '(^/|(^|/)\.\.(/|$)|^\s*$)' and p.epsg between 1024 and 32767;

grant select on
    map_municipality, map_compartment, map_subcompartment, map_road,
    map_published_run, map_hardwood, map_mesh20m, map_raster_product
to forestgis_web, forestgis_map, forestgis_map_prefecture;
