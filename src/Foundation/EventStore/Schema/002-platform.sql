-- Our side tables. The trigger only queues; one sequencer gives dense positions to what its snapshot sees.
create table ledger.eml_pending (seq_id bigint primary key) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create table ledger.eml_position (position bigint primary key, seq_id bigint unique not null, at timestamptz not null);
create table ledger.eml_head (only_row boolean primary key default true check (only_row), position bigint not null, at timestamptz not null);
insert into ledger.eml_head values (true, 0, '-infinity');

-- One leader per name; the epoch fences a leader that was stopped and continued.
create table ledger.eml_lease (name text primary key, owner text not null, epoch bigint not null, expires_at timestamptz not null);

-- How far each follower (the relay, view rebuilds) has come, in positions.
create table ledger.eml_follower (name text primary key, position bigint not null, epoch bigint not null);

-- A name that only one live thing of an area may hold.
create table ledger.eml_name (area text not null, name text not null, stream_id text not null, primary key (area, name));

-- Which database role may append to which category; roles not listed (a real Marten, an administrator) may append anywhere.
create table ledger.eml_category (category text not null, role text not null, primary key (role, category));

-- Runs as its owner, so that writers need no right on the queue.
create function ledger.eml_queue_event() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.eml_pending values (new.seq_id) on conflict do nothing;
  return null;
end $$;
-- A move into an archive partition fires INSERT again; archived rows already have a position.
create trigger eml_queue after insert on ledger.mt_events for each row when (not new.is_archived) execute function ledger.eml_queue_event();

-- Returns the number of events placed, or -1 when the caller leads no longer. The share lock makes a take-over wait for the end of this statement.
create function ledger.eml_sequence(batch int, now timestamptz, leader_epoch bigint) returns int language plpgsql as $$
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
  with due as (select seq_id from ledger.eml_pending order by seq_id limit batch),
  taken as (delete from ledger.eml_pending p using due where p.seq_id = due.seq_id returning p.seq_id),
  placed as (
    insert into ledger.eml_position
    select head.position + row_number() over (order by seq_id), seq_id, head.at from taken
    returning 1)
  select count(*) into assigned from placed;
  if assigned > 0 then
    update ledger.eml_head set position = head.position + assigned, at = head.at;
  end if;
  return assigned;
end $$;

-- Advances a follower under its lease; false when the caller leads no longer.
create function ledger.eml_advance(follower text, to_position bigint, leader_epoch bigint) returns boolean language plpgsql as $$
begin
  perform from ledger.eml_lease where name = follower and epoch = leader_epoch for share;
  if not found then
    return false;
  end if;
  insert into ledger.eml_follower values (follower, to_position, leader_epoch)
  on conflict (name) do update set position = excluded.position, epoch = excluded.epoch;
  return true;
end $$;

-- The last position whose ledger time is not after the instant. Closes the instant: no later event gets a time at or before it,
-- so the answer never changes. An instant ahead of all clocks is taken as now.
create function ledger.eml_position_at(instant timestamptz) returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head ledger.eml_head;
  low bigint := 0;
  high bigint;
  middle bigint;
begin
  select * into head from ledger.eml_head;
  if instant >= head.at then
    select * into head from ledger.eml_head for update;
    instant := least(instant, greatest(head.at, clock_timestamp()));
    if instant >= head.at then
      update ledger.eml_head set at = instant + interval '1 microsecond';
    end if;
  end if;
  high := head.position;
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select at <= instant from ledger.eml_position where position = middle) then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;

-- Runs as the caller: current_user is the area's role.
create function ledger.eml_guard(stream text) returns void language plpgsql stable as $$
begin
  if exists (select from ledger.eml_category where role = current_user)
     and not exists (select from ledger.eml_category where role = current_user and category = split_part(stream, '-', 1)) then
    raise exception 'role % may not append to category %', current_user, split_part(stream, '-', 1) using errcode = '42501';
  end if;
end $$;
create function ledger.eml_guard_event() returns trigger language plpgsql as $$
begin
  perform ledger.eml_guard(new.stream_id);
  return new;
end $$;
create function ledger.eml_guard_stream() returns trigger language plpgsql as $$
begin
  perform ledger.eml_guard(new.id);
  return new;
end $$;
create trigger eml_guard before insert on ledger.mt_events for each row execute function ledger.eml_guard_event();
create trigger eml_guard before insert or update on ledger.mt_streams for each row execute function ledger.eml_guard_stream();

-- Events are never removed in bulk.
create function ledger.eml_refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is never truncated' using errcode = '42501';
end $$;
create trigger eml_no_truncate before truncate on ledger.mt_events for each statement execute function ledger.eml_refuse_truncate();
create trigger eml_no_truncate before truncate on ledger.eml_position for each statement execute function ledger.eml_refuse_truncate();
