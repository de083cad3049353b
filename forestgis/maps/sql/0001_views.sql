-- What the map shows, one view a layer. All are security_invoker: the reader's own policies decide about every row.
-- No view has a column about persons. `fid` is the whole-number key that tiles, WMS and WFS identify a feature by.

create view map_municipality with (security_invoker = true) as
select m.code::bigint as fid, m.code, m.name, m.name_en, m.geom, m.geom_3857
from registry_municipality m;

-- The newest edition of each municipality. The unique key (municipality, edition, number) answers max() by index.
create view map_compartment with (security_invoker = true) as
select c.id as fid,
       c.municipality_code,
       c.edition,
       c.number,
       c.number || '林班' as label,
       c.geom,
       c.geom_3857
from registry_compartment c
where c.edition = (
    select max(newest.edition) from registry_compartment newest where newest.municipality_code = c.municipality_code
);

-- Storeys stand on the same ground, so their stocks per hectare add up. A group is named when it holds three quarters.
create view map_subcompartment with (security_invoker = true) as
select s.id as fid,
       s.municipality_code,
       s.edition,
       s.keycode,
       s.compartment_number || '-' || s.number as label,
       s.area_ha,
       s.register_area_ha,
       case
           when coalesce(stock.broadleaf, 0) + coalesce(stock.conifer, 0) <= 0 then 'none'
           when coalesce(stock.broadleaf, 0) >= 3 * coalesce(stock.conifer, 0) then 'broadleaf'
           when coalesce(stock.conifer, 0) >= 3 * coalesce(stock.broadleaf, 0) then 'conifer'
           else 'mixed'
       end as species_group,
       coalesce(species.name, main.species1_code) as species,
       coalesce(forest_type.name, main.forest_type_code) as forest_type,
       main.age::integer as age,
       stock.broadleaf as stock_broadleaf_m3ha,
       stock.conifer as stock_conifer_m3ha,
       s.geom,
       s.geom_3857
from registry_subcompartment s
left join lateral (
    select sum(t.stock_broadleaf_m3ha) as broadleaf, sum(t.stock_conifer_m3ha) as conifer
    from registry_stand t
    where t.subcompartment_id = s.id
) stock on true
left join lateral (
    select t.species1_code, t.forest_type_code, t.age
    from registry_stand t
    where t.subcompartment_id = s.id
    order by t.storey
    limit 1
) main on true
left join lateral (
    select c.name
    from registry_codetable c
    where c."table" = 'species' and c.code = main.species1_code and c.edition <= s.edition
    order by c.edition desc
    limit 1
) species on true
left join lateral (
    select c.name
    from registry_codetable c
    where c."table" = 'forest_type' and c.code = main.forest_type_code and c.edition <= s.edition
    order by c.edition desc
    limit 1
) forest_type on true
where s.edition = (
    select max(newest.edition) from registry_compartment newest where newest.municipality_code = s.municipality_code
);

create view map_road with (security_invoker = true) as
select r.id as fid, r.municipality_code, r.name, r.road_class, r.surface, r.width_m, r.geom, r.geom_3857
from roads_segment r;
