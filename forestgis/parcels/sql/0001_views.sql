-- Lots that have a place on the map, with what anybody may read of them. No column about persons; lots of sheets in
-- arbitrary coordinates have no place and are not here.
create view map_parcel with (security_invoker = true) as
select p.id as fid,
       p.municipality_code,
       p.oaza,
       p.aza,
       p.lot,
       p.oaza || p.aza || p.lot as label,
       p.land_category,
       p.registered_area_m2,
       p.map_area_m2,
       p.survey,
       p.accuracy,
       p.in_ledger,
       p.geom,
       p.geom_3857,
       p.label_3857
from parcels_parcel p
where p.geom is not null;

grant select on map_parcel to forestgis_web, forestgis_map, forestgis_map_prefecture;
