-- Overlay of a municipality's lots with the 小班 of an edition, measured in its plane-rectangular zone. Slivers along
-- a border that two maps draw a little differently are no relation: less than 1 m2 and less than a hundredth of the lot.
-- Each shape is projected once, not once a pair.
with lot as materialized (
    select p.id, p.geom_3857, st_transform(p.geom, %(epsg)s) as plane
    from parcels_parcel p
    where p.municipality_code = %(municipality)s and p.geom is not null
),
stand as materialized (
    select s.id, s.keycode, st_transform(s.geom, %(epsg)s) as plane
    from registry_subcompartment s
    where s.municipality_code = %(municipality)s and s.edition = %(edition)s
),
pair as materialized (
    select lot.id as lot_id, s.id as stand_id
    from lot
    join registry_subcompartment s
        on s.municipality_code = %(municipality)s
       and s.edition = %(edition)s
       and s.geom_3857 && lot.geom_3857
),
part as materialized (
    select lot.id,
           stand.keycode,
           st_area(st_intersection(lot.plane, stand.plane)) as area,
           st_area(lot.plane) as lot_area,
           st_area(stand.plane) as stand_area
    from pair
    join lot on lot.id = pair.lot_id
    join stand on stand.id = pair.stand_id
)
insert into parcels_parcelshare
    (municipality_code, parcel_id, edition, keycode, area_m2, share_of_parcel, share_of_subcompartment)
select %(municipality)s,
       part.id,
       %(edition)s,
       part.keycode,
       round(part.area::numeric, 2),
       round(least(part.area / part.lot_area, 1)::numeric, 4),
       round(least(part.area / part.stand_area, 1)::numeric, 4)
from part
where part.lot_area > 0
  and part.stand_area > 0
  and part.area > 0
  and (part.area >= 1 or part.area >= 0.01 * part.lot_area)
