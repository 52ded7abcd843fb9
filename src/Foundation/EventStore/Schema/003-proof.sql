-- Tamper evidence: leaves of the Merkle tree over positions, and its signed roots. Only the notary writes them.
-- What is masked has no salt: its commitment stays and cannot be opened any more. mask_salt opens the commitment of the masked form.
create table ledger.eml_leaf (
  position bigint primary key,
  hash bytea not null,
  data_commitment bytea not null,
  data_salt bytea,
  headers_commitment bytea,
  headers_salt bytea,
  mask_salt bytea);
create table ledger.eml_root (
  size bigint primary key,
  root bytea not null,
  at timestamptz not null,
  previous_size bigint unique not null,
  previous_root bytea not null,
  key_id text not null,
  signature bytea not null,
  edge bytea[] not null,
  anchored boolean not null default false);

create trigger eml_no_truncate before truncate on ledger.eml_leaf for each statement execute function ledger.eml_refuse_truncate();
create trigger eml_no_truncate before truncate on ledger.eml_root for each statement execute function ledger.eml_refuse_truncate();

-- Whether the caller still leads as notary. The share lock makes a take-over wait for the end of the caller's transaction.
create function ledger.eml_is_notary(leader_epoch bigint) returns boolean language plpgsql as $$
begin
  perform from ledger.eml_lease where name = 'notary' and epoch = leader_epoch for share;
  return found;
end $$;

-- Adds leaves from the first position on; false when the caller leads no longer.
create function ledger.eml_note_leaves(
  leader_epoch bigint, first bigint, hashes bytea[], data_commitments bytea[], data_salts bytea[], headers_commitments bytea[], headers_salts bytea[])
returns boolean language plpgsql as $$
begin
  if not ledger.eml_is_notary(leader_epoch) then
    return false;
  end if;
  if first <> coalesce((select max(position) from ledger.eml_leaf), 0) + 1 then
    raise exception 'leaves begin at position %, which is not the next one', first;
  end if;
  insert into ledger.eml_leaf (position, hash, data_commitment, data_salt, headers_commitment, headers_salt)
  select first + n - 1, h, dc, ds, hc, hs
  from unnest(hashes, data_commitments, data_salts, headers_commitments, headers_salts) with ordinality as leaf(h, dc, ds, hc, hs, n);
  return true;
end $$;

-- Microseconds since 1970; a time that is none is kept apart from all others.
create function ledger.eml_micros(at timestamptz) returns bigint language sql immutable strict as $$
  select case when isfinite(at) then (extract(epoch from at) * 1000000)::bigint
    when at = 'infinity' then 9223372036854775807 else -9223372036854775808 end $$;
