-- Pairs of 林班 of an edition that touch, smaller number first. Borders are drawn up to a metre apart.
select one.number, other.number
from registry_compartment one
join registry_compartment other
    on other.municipality_code = one.municipality_code
   and other.edition = one.edition
   and other.number > one.number
   and other.geom_3857 && st_expand(one.geom_3857, 5)
where one.municipality_code = %(municipality)s
  and one.edition = %(edition)s
  and one.number = any(%(numbers)s)
  and other.number = any(%(numbers)s)
  and st_dwithin(st_transform(one.geom, %(epsg)s), st_transform(other.geom, %(epsg)s), 1.0)
