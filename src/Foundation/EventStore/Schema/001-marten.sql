-- Marten's own tables and functions (string identity, all metadata columns); nothing of ours may be added to them.
-- Every name is qualified with the default schema, which is replaced by the configured one: callers' search paths differ.
create table ledger.mt_streams (
  id varchar not null constraint pkey_mt_streams_id primary key,
  type varchar,
  version bigint,
  timestamp timestamptz not null default now(),
  created timestamptz not null default now(),
  tenant_id varchar default '*DEFAULT*',
  is_archived boolean default false);

create table ledger.mt_events (
  seq_id bigint not null constraint pkey_mt_events_seq_id primary key,
  id uuid not null,
  stream_id varchar constraint fkey_mt_events_stream_id references ledger.mt_streams(id) on delete cascade,
  version bigint not null,
  data jsonb not null,
  bdata bytea,
  type varchar(500) not null,
  timestamp timestamptz not null default now(),
  tenant_id varchar default '*DEFAULT*',
  mt_dotnet_type varchar,
  correlation_id varchar,
  causation_id varchar,
  headers jsonb,
  user_name varchar,
  is_archived boolean default false);
create unique index pk_mt_events_stream_and_version on ledger.mt_events (stream_id, version);
create sequence ledger.mt_events_sequence owned by ledger.mt_events.seq_id;

create table ledger.mt_event_progression (
  name varchar not null constraint pk_mt_event_progression primary key,
  last_seq_id bigint,
  last_updated timestamptz default transaction_timestamp());
create table ledger.mt_high_water_skips (
  ending_sequence bigint not null constraint pkey_mt_high_water_skips_ending_sequence primary key,
  starting_sequence bigint not null,
  timestamp timestamptz default transaction_timestamp());

create function ledger.mt_mark_event_progression(name varchar, last_encountered bigint) returns void language sql as $$
  insert into ledger.mt_event_progression values ($1, $2, transaction_timestamp())
  on conflict on constraint pk_mt_event_progression
  do update set last_seq_id = excluded.last_seq_id, last_updated = excluded.last_updated $$;

create function ledger.mt_mark_progression_with_skip(shard_name varchar, ending_sequence bigint, starting_sequence bigint)
returns bigint language plpgsql as $$
declare
  current bigint;
begin
  select last_seq_id into current from ledger.mt_event_progression p where p.name = shard_name for update;
  if current is not null and current <> starting_sequence then
    return current;
  end if;
  perform ledger.mt_mark_event_progression(shard_name, ending_sequence);
  if ending_sequence > starting_sequence then
    insert into ledger.mt_high_water_skips values (ending_sequence, starting_sequence)
    on conflict on constraint pkey_mt_high_water_skips_ending_sequence do nothing;
  end if;
  return ending_sequence;
end $$;

create function ledger.mt_archive_stream(streamid varchar) returns void language sql as $$
  update ledger.mt_streams set is_archived = true where id = $1;
  update ledger.mt_events set is_archived = true where stream_id = $1 $$;

-- Marten's signature with a body that locks the stream first: losers get MT003, never a gap in the sequence.
create function ledger.mt_quick_append_events(
  stream varchar, stream_type varchar, tenantid varchar, event_ids uuid[], event_types varchar[], dotnet_types varchar[],
  bodies jsonb[], bdatas bytea[], causation_ids varchar[], correlation_ids varchar[], headers jsonb[], user_names varchar[],
  timestamps timestamptz[], expected_version bigint default null)
returns bigint[] language plpgsql as $$
declare
  current bigint;
  archived boolean;
  tenant varchar;
  count int := coalesce(array_length(event_ids, 1), 0);
  sequence bigint;
  result bigint[];
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
  result := array[current + count];
  for i in 1..count loop
    sequence := nextval('ledger.mt_events_sequence');
    result := result || sequence;
    current := current + 1;
    insert into ledger.mt_events(seq_id, id, stream_id, version, data, bdata, type, tenant_id, timestamp, mt_dotnet_type, is_archived,
      causation_id, correlation_id, headers, user_name)
    values (sequence, event_ids[i], stream, current, bodies[i], bdatas[i], event_types[i], tenantid, timestamps[i], dotnet_types[i], false,
      causation_ids[i], correlation_ids[i], headers[i], user_names[i]);
  end loop;
  update ledger.mt_streams set version = current, timestamp = now() where id = stream;
  return result;
end $$;
