-- Three stands of 0.01 degree beside each other in Takinoue's place, from west to east: 12.3, 50.0 and an unknown volume.
create table stand_view as
select n as fid,
       lpad((1000 + n)::text, 5, '0') as code,
       (array[12.34, 50.0, null]::numeric[])[n] as volume,
       date '2026-06-01' + n as seen,
       n = 1 as sure,
       'hidden ' || n as owner,
       geom,
       st_transform(geom, 3857) as geom_3857,
       st_pointonsurface(st_transform(geom, 3857)) as label_3857
from (
    select n, st_multi(st_makeenvelope(143.00 + n * 0.01, 44.20, 143.01 + n * 0.01, 44.21, 6668)) as geom
    from generate_series(1, 3) as n
) as made;
create index on stand_view using gist (geom_3857);

create table track_view as
select n as fid, (array['a', 'b', 'c'])[n] as kind, geom, st_transform(geom, 3857) as geom_3857
from (
    select n,
           st_multi(st_setsrid(st_makeline(st_point(143.01, 44.18 + n * 0.002), st_point(143.04, 44.18 + n * 0.002)), 6668)) as geom
    from generate_series(1, 3) as n
) as made;

create table product_view as
select fid, kind, path, 6680 as epsg,
       st_transform(st_makeenvelope(x, 25000, x + 1000, 26000, 6680), 3857) as footprint_3857
from (values (1, 'chm', 'west.tif', -90000), (2, 'chm', 'east.tif', -89000), (3, 'hillshade', 'shade.tif', -90000))
     as made (fid, kind, path, x);
