-- Whole ledger rows by application: given, and not past the day until which they may be used. The policies of the tables
-- decide who reads it; nobody but the officers whose duty it is does.
create view parcels_provided with (security_invoker = true) as
select lot.id || '-' || owner.id as key,
       provision.id as provision_id,
       provision.municipality_code,
       lot.parcel_id,
       owner.basis,
       owner.name,
       owner.address,
       owner.share,
       owner.acquired_on
from parcels_provision provision
join parcels_provisionparcel lot on lot.provision_id = provision.id and lot.role = 'asked'
join parcels_parcelowner owner on owner.parcel_id = lot.parcel_id and owner.ended_on is null
where provision.state = 'accepted'
  and provision.expires_on >= (now() at time zone 'Asia/Tokyo')::date;

grant select on parcels_provided to forestgis_web;
