-- What layers of the register and of volumes read.

create view map_municipality with (security_invoker = true) as
select m.code::bigint as fid, m.code, m.name, m.name_en, m.geom, m.geom_3857, m.label_3857, p.geom_z9, p.geom_z6
from registry_municipality m
left join maps_municipality p on p.code = m.code;

create view map_forest with (security_invoker = true) as
select f.municipality_code::bigint as fid,
       f.municipality_code,
       f.edition,
       f.area_ha,
       f.species_group,
       f.stock_broadleaf_m3ha,
       f.stock_conifer_m3ha,
       f.geom_z8,
       f.geom_z6
from maps_forest f;

create view map_compartment with (security_invoker = true) as
select c.fid,
       c.municipality_code,
       c.edition,
       c.number,
       c.number || '林班' as label,
       c.area_ha,
       c.species_group,
       c.stock_broadleaf_m3ha,
       c.stock_conifer_m3ha,
       c.geom,
       c.geom_3857,
       c.label_3857,
       c.geom_z11,
       c.geom_z9
from maps_compartment c;

create view map_subcompartment with (security_invoker = true) as
select s.fid,
       s.municipality_code,
       s.edition,
       s.keycode,
       s.label,
       s.area_ha,
       s.register_area_ha,
       s.species_group,
       s.species,
       s.forest_type_code,
       s.forest_type,
       s.protection,
       s.age,
       s.age_class,
       s.stock_broadleaf_m3ha,
       s.stock_conifer_m3ha,
       s.geom,
       s.geom_3857,
       s.label_3857
from maps_subcompartment s;

-- Register stock beside the volume, of the 小班 with the zone's KEYCODE, where the reader may see the register.
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
       register.stock_broadleaf_m3ha as register_hardwood_m3ha,
       register.stock_conifer_m3ha as register_conifer_m3ha,
       z.run_id::text as run,
       run.caution,
       z.geom,
       z.geom_3857,
       z.label_3857
from surveys_zonevolume z
join map_published_run run on run.id = z.run_id
left join maps_subcompartment register on register.municipality_code = z.municipality_code and register.keycode = z.key;

grant select on map_municipality, map_forest, map_compartment, map_subcompartment, map_hardwood
to forestgis_web, forestgis_map, forestgis_map_prefecture;
grant select on map_subcompartment_edition to forestgis_web, forestgis_map, forestgis_map_prefecture;
