-- Overlay of a municipality's lots with the 小班 of an edition, measured in its plane-rectangular zone. Slivers along
-- a border that two maps draw a little differently are no relation: less than 1 m2 and less than a hundredth of the lot.
insert into parcels_parcelshare
    (municipality_code, parcel_id, edition, keycode, area_m2, share_of_parcel, share_of_subcompartment)
select lot.municipality_code,
       lot.id,
       %(edition)s,
       part.keycode,
       round(part.area::numeric, 2),
       round(least(part.area / part.lot_area, 1)::numeric, 4),
       round(least(part.area / part.stand_area, 1)::numeric, 4)
from parcels_parcel lot
join registry_subcompartment stand
    on stand.municipality_code = lot.municipality_code
   and stand.edition = %(edition)s
   and stand.geom_3857 && lot.geom_3857
cross join lateral (
    select stand.keycode,
           st_area(st_intersection(lot_plane, stand_plane)) as area,
           st_area(lot_plane) as lot_area,
           st_area(stand_plane) as stand_area
    from (select st_transform(lot.geom, %(epsg)s) as lot_plane, st_transform(stand.geom, %(epsg)s) as stand_plane) plane
) part
where lot.municipality_code = %(municipality)s
  and lot.geom is not null
  and part.lot_area > 0
  and part.stand_area > 0
  and (part.area >= 1 or part.area >= 0.01 * part.lot_area)
  and part.area > 0
