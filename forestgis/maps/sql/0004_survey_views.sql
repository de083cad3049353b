-- Where published surveys are, and how the register's stock compares with theirs.

create view map_survey with (security_invoker = true) as
select p.id as fid,
       p.municipality_code,
       r.summary ->> 'batch_name' as name,
       '航空レーザ計測'::text as method,
       scanned.on_day as scanned_on,
       (run.published_at at time zone 'Asia/Tokyo')::date as published_on,
       run.calibrated,
       run.simulated,
       run.caution,
       p.run_id::text as run,
       ST_Transform(p.footprint_3857, 6668)::geometry(Polygon, 6668) as geom,
       p.footprint_3857 as geom_3857,
       ST_PointOnSurface(p.footprint_3857)::geometry(Point, 3857) as label_3857
from surveys_product p
join map_published_run run on run.id = p.run_id
join surveys_run r on r.id = p.run_id
left join lateral (
    select max(z.scanned_on) as on_day from surveys_zonevolume z where z.run_id = p.run_id
) scanned on true
where p.kind = 'hardwood_m3ha';

-- Positive where the survey found more hardwood than the register says. Of 小班 that are in both, for who may see both.
create view map_register_difference with (security_invoker = true) as
select h.fid,
       h.municipality_code,
       h.keycode,
       h.label,
       h.area_ha,
       h.hardwood_m3ha,
       h.hardwood_se_m3ha,
       h.register_hardwood_m3ha,
       h.hardwood_m3ha - h.register_hardwood_m3ha as difference_m3ha,
       h.scanned_on,
       h.caution,
       h.geom,
       h.geom_3857,
       h.label_3857
from map_hardwood h
where h.register_hardwood_m3ha is not null;

grant select on map_survey, map_register_difference to forestgis_web, forestgis_map, forestgis_map_prefecture;
