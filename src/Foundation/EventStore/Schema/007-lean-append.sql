-- What our own writers call, in as few statements as there can be: the stream's row moves from the expected version to its last one at once, or somebody else was first.
create or replace function ledger.eml_append(
  stream varchar, stream_type varchar, expected_version bigint, event_ids uuid[], event_types varchar[], dotnet_types varchar[], bodies jsonb[],
  causation_id varchar, correlation_id varchar, headers jsonb, user_name varchar, at timestamptz)
returns bigint[] language plpgsql as $$
declare
  added int := cardinality(event_ids);
  is_new boolean := false;
  found_stream ledger.mt_streams;
  sequences bigint[];
begin
  if expected_version = 0 then
    insert into ledger.mt_streams(id, type, version, tenant_id) values (stream, stream_type, added, '*DEFAULT*') on conflict do nothing;
    is_new := found;
  end if;
  if not is_new then
    update ledger.mt_streams set version = expected_version + added, timestamp = now()
    where id = stream and version = expected_version and not is_archived and tenant_id = '*DEFAULT*';
    if not found then
      select * into found_stream from ledger.mt_streams where id = stream;
      if coalesce(found_stream.version, 0) <> expected_version then
        raise exception 'Stream version mismatch on ''%'': expected %, actual %', stream, expected_version, coalesce(found_stream.version, 0) using errcode = 'MT003';
      elsif found_stream.is_archived then
        raise exception 'Attempted to append event to archived stream with Id ''%''.', stream using errcode = 'MT001';
      end if;
      raise exception 'The tenantid does not match the existing stream';
    end if;
  end if;
  -- Numbers are drawn in the order of the versions: a scan of arrays keeps theirs.
  with stored as (
    insert into ledger.mt_events(seq_id, id, stream_id, version, data, type, tenant_id, timestamp, mt_dotnet_type, is_archived,
      causation_id, correlation_id, headers, user_name)
    select nextval('ledger.mt_events_sequence'), e.id, stream, expected_version + e.ordinal, e.data, e.type, '*DEFAULT*', at, e.dotnet_type, false,
      causation_id, correlation_id, headers, user_name
    from unnest(event_ids, event_types, dotnet_types, bodies) with ordinality as e(id, type, dotnet_type, data, ordinal)
    returning seq_id)
  select array_agg(seq_id order by seq_id) into sequences from stored;
  return (expected_version + added) || sequences;
end $$;

-- One statement instead of two, and no search path to set and put back: every name is qualified instead, as a function that runs as its owner must have it.
-- A row holds events of one stream; seq_id is the first of them.
create or replace function ledger.eml_queue_event() returns trigger language plpgsql security definer as $$
begin
  insert into ledger.eml_pending(seq_id, seq_ids)
  select pg_catalog.min(seq_id), pg_catalog.array_agg(seq_id) from added where not is_archived group by stream_id
  on conflict do nothing;
  return null;
end $$;
alter function ledger.eml_queue_event() reset all;
