-- Notices and treatments that have an area. No column about persons, none of free text that could name one.
create view map_felling_notice with (security_invoker = true) as
select n.id as fid,
       n.municipality_code,
       n.number,
       n.number as label,
       n.received_on,
       n.method,
       n.state,
       n.area_ha,
       n.starts_on,
       n.ends_on,
       n.geom,
       n.geom_3857,
       n.label_3857
from notices_fellingnotice n
where n.geom is not null and n.state <> 'withdrawn';

create view map_treatment with (security_invoker = true) as
select t.id as fid,
       t.municipality_code,
       t.kind,
       t.fiscal_year::integer as fiscal_year,
       t.fiscal_year || ' ' || t.kind as label,
       t.done_on,
       t.area_ha,
       t.geom,
       t.geom_3857,
       t.label_3857
from notices_treatment t
where t.geom is not null;

grant select on map_felling_notice, map_treatment to forestgis_web, forestgis_map, forestgis_map_prefecture;
