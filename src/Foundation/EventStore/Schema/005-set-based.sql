-- The same append by sets instead of loops, and triggers once per statement: a hundred events cost little more than one.
create or replace function ledger.mt_quick_append_events(
  stream varchar, stream_type varchar, tenantid varchar, event_ids uuid[], event_types varchar[], dotnet_types varchar[],
  bodies jsonb[], bdatas bytea[], causation_ids varchar[], correlation_ids varchar[], headers jsonb[], user_names varchar[],
  timestamps timestamptz[], expected_version bigint default null)
returns bigint[] language plpgsql as $$
declare
  current bigint;
  archived boolean;
  tenant varchar;
  added int := coalesce(cardinality(event_ids), 0);
  sequences bigint[];
begin
  insert into ledger.mt_streams(id, type, version, tenant_id) values (stream, stream_type, 0, tenantid) on conflict do nothing;
  select version, is_archived, tenant_id into current, archived, tenant from ledger.mt_streams where id = stream for update;
  if expected_version is not null and current <> expected_version then
    raise exception 'Stream version mismatch on ''%'': expected %, actual %', stream, expected_version, current using errcode = 'MT003';
  end if;
  if archived then
    raise exception 'Attempted to append event to archived stream with Id ''%''.', stream using errcode = 'MT001';
  end if;
  if tenant <> tenantid then
    raise exception 'The tenantid does not match the existing stream';
  end if;
  if added = 0 then
    return array[current];
  end if;
  -- Numbers are drawn in the order of the versions.
  with given as (
    select nextval('ledger.mt_events_sequence') as seq_id, u.*
    from (
      select * from unnest(event_ids, event_types, dotnet_types, bodies, bdatas, causation_ids, correlation_ids, headers, user_names, timestamps)
        with ordinality as e(id, type, dotnet_type, data, bdata, causation_id, correlation_id, headers, user_name, at, ordinal)
      order by ordinal) u),
  stored as (
    insert into ledger.mt_events(seq_id, id, stream_id, version, data, bdata, type, tenant_id, timestamp, mt_dotnet_type, is_archived,
      causation_id, correlation_id, headers, user_name)
    select g.seq_id, g.id, stream, current + g.ordinal, g.data, g.bdata, g.type, tenantid, g.at, g.dotnet_type, false,
      g.causation_id, g.correlation_id, g.headers, g.user_name
    from given g)
  select array_agg(g.seq_id order by g.ordinal) into sequences from given g;
  update ledger.mt_streams set version = current + added, timestamp = now() where id = stream;
  return (current + added) || sequences;
end $$;

-- Runs as its owner, so that writers need no right on the queue. A move into an archive partition fires INSERT again; archived rows already have a position.
create or replace function ledger.eml_queue_event() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.eml_pending select seq_id from added where not is_archived on conflict do nothing;
  return null;
end $$;
drop trigger eml_queue on ledger.mt_events;
create trigger eml_queue after insert on ledger.mt_events referencing new table as added for each statement execute function ledger.eml_queue_event();

create or replace function ledger.eml_guard_event() returns trigger language plpgsql as $$
declare
  foreign_stream text;
begin
  if exists (select from ledger.eml_category where role = current_user) then
    select a.stream_id into foreign_stream from added a
    where not exists (select from ledger.eml_category c where c.role = current_user and c.category = split_part(a.stream_id, '-', 1)) limit 1;
    perform ledger.eml_guard(foreign_stream) where foreign_stream is not null;
  end if;
  return null;
end $$;
drop trigger eml_guard on ledger.mt_events;
create trigger eml_guard after insert on ledger.mt_events referencing new table as added for each statement execute function ledger.eml_guard_event();
