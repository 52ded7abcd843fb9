-- What our own writers call: metadata is the same for all events of an append, and is sent and read once.
create function ledger.eml_append(
  stream varchar, stream_type varchar, expected_version bigint, event_ids uuid[], event_types varchar[], dotnet_types varchar[], bodies jsonb[],
  causation_id varchar, correlation_id varchar, headers jsonb, user_name varchar, at timestamptz)
returns bigint[] language sql as $$
  select ledger.mt_quick_append_events(
    stream, stream_type, '*DEFAULT*', event_ids, event_types, dotnet_types, bodies, array_fill(null::bytea, array[cardinality(event_ids)]),
    array_fill(causation_id, array[cardinality(event_ids)]), array_fill(correlation_id, array[cardinality(event_ids)]), array_fill(headers, array[cardinality(event_ids)]),
    array_fill(user_name, array[cardinality(event_ids)]), array_fill(at, array[cardinality(event_ids)]), expected_version)
$$;

-- What waits for its position is one row per append instead of one per event, so that a hundred events queue and leave as cheaply as one.
alter table ledger.eml_pending add column seq_ids bigint[];
update ledger.eml_pending set seq_ids = array[seq_id];
alter table ledger.eml_pending alter column seq_ids set not null;

-- seq_id is the first of them; a row holds events of one stream.
create or replace function ledger.eml_queue_event() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  first bigint;
  waiting bigint[];
  alone boolean;
begin
  select min(seq_id), array_agg(seq_id), min(stream_id) = max(stream_id) into first, waiting, alone from added where not is_archived;
  if alone then
    insert into ledger.eml_pending values (first, waiting) on conflict do nothing;
  elsif waiting is not null then
    insert into ledger.eml_pending select min(seq_id), array_agg(seq_id) from added where not is_archived group by stream_id on conflict do nothing;
  end if;
  return null;
end $$;

-- A stream's later append has later numbers throughout, since writers of a stream wait for each other: whole rows in the order of their first number keep every stream's order.
create or replace function ledger.eml_sequence(batch int, now timestamptz, leader_epoch bigint) returns int language plpgsql as $$
declare
  head ledger.eml_head;
  assigned int;
begin
  -- A look that finds nothing locks nothing, so that polling writes nothing.
  if not exists (select from ledger.eml_pending) then
    return case when exists (select from ledger.eml_lease where name = 'sequencer' and epoch = leader_epoch) then 0 else -1 end;
  end if;
  perform from ledger.eml_lease where name = 'sequencer' and epoch = leader_epoch for share;
  if not found then
    return -1;
  end if;
  select * into head from ledger.eml_head for update;
  head.at := greatest(head.at, now);
  with oldest as (select seq_id, seq_ids from ledger.eml_pending order by seq_id limit batch),
  counted as (select seq_id, sum(cardinality(seq_ids)) over (order by seq_id) - cardinality(seq_ids) as before from oldest),
  taken as (delete from ledger.eml_pending p using counted c where p.seq_id = c.seq_id and c.before < batch returning p.seq_ids),
  placed as (
    insert into ledger.eml_position
    select head.position + row_number() over (order by seq_id), seq_id, head.at from (select unnest(seq_ids) as seq_id from taken) t
    returning 1)
  select count(*) into assigned from placed;
  if assigned > 0 then
    update ledger.eml_head set position = head.position + assigned, at = head.at;
  end if;
  return assigned;
end $$;

-- The owner's appends need no guard; asked here, it costs them no call.
do $$
begin
  execute format('create or replace trigger eml_guard after insert on ledger.mt_events referencing new table as added for each statement when (current_user <> %L) execute function ledger.eml_guard_event()', current_user);
  execute format('create or replace trigger eml_guard before insert or update on ledger.mt_streams for each row when (current_user <> %L) execute function ledger.eml_guard_stream()', current_user);
end $$;
