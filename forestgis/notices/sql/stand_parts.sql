-- The 小班 of an edition in which an area lies, with the area in common and the protection class of the upper storey.
select s.keycode,
       s.compartment_number || '-' || s.number,
       round((st_area(st_intersection(st_transform(s.geom, %(epsg)s), area.plane)) / 10000)::numeric, 4) as common_ha,
       coalesce(main.protection_code, '')
from (
    select st_transform(%(geom)s::geometry, 3857) as web, st_transform(%(geom)s::geometry, %(epsg)s) as plane
) area
join registry_subcompartment s
    on s.municipality_code = %(municipality)s
   and s.edition = %(edition)s
   and s.geom_3857 && area.web
   and st_intersects(s.geom_3857, area.web)
left join lateral (
    select t.protection_code from registry_stand t where t.subcompartment_id = s.id order by t.storey limit 1
) main on true
where st_area(st_intersection(st_transform(s.geom, %(epsg)s), area.plane)) >= 1
order by common_ha desc, s.keycode
