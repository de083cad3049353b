-- Lots that touch one of the given lots. Two maps draw one border up to a metre apart.
select distinct other.id
from parcels_parcel own
join parcels_parcel other
    on other.geom_3857 && st_expand(own.geom_3857, 5)
   and other.id <> own.id
where own.id = any(%(own)s)
  and not other.id = any(%(own)s)
  and st_dwithin(st_transform(own.geom, %(epsg)s), st_transform(other.geom, %(epsg)s), 1.0)
