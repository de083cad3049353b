-- What the map shows, one view a layer. All are security_invoker: the reader's own policies decide about every row.
-- No view has a column about persons. `fid` is the whole-number key that tiles, WMS and WFS identify a feature by.

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

grant select on map_road, map_published_run, map_mesh20m, map_raster_product
to forestgis_web, forestgis_map, forestgis_map_prefecture;
