-- Our side tables. The trigger only queues; one sequencer gives dense positions to what its snapshot sees.
create table eml_pending (seq_id bigint primary key);
create table eml_position (position bigint primary key, seq_id bigint unique not null, at timestamptz not null);
create table eml_head (only_row boolean primary key default true check (only_row), position bigint not null, at timestamptz not null);
insert into eml_head values (true, 0, '-infinity');

create function eml_queue_event() returns trigger language plpgsql as $$
begin
  insert into eml_pending values (new.seq_id) on conflict do nothing;
  return null;
end $$;
-- A move into an archive partition fires INSERT again; archived rows already have a position.
create trigger eml_queue after insert on mt_events for each row when (not new.is_archived) execute function eml_queue_event();

create function eml_sequence(batch int, now timestamptz) returns int language plpgsql as $$
declare
  head eml_head;
  assigned int;
begin
  select * into head from eml_head for update;
  head.at := greatest(head.at, now);
  with due as (select seq_id from eml_pending order by seq_id limit batch),
  taken as (delete from eml_pending using due where eml_pending.seq_id = due.seq_id returning eml_pending.seq_id),
  placed as (
    insert into eml_position
    select head.position + row_number() over (order by seq_id), seq_id, head.at from taken
    returning 1)
  select count(*) into assigned from placed;
  if assigned > 0 then
    update eml_head set position = head.position + assigned, at = head.at;
  end if;
  return assigned;
end $$;

-- One leader per name; the epoch fences a leader that was stopped and continued.
create table eml_lease (name text primary key, owner text not null, epoch bigint not null, expires_at timestamptz not null);

-- How far each follower (the relay, view rebuilds) has come, in positions.
create table eml_follower (name text primary key, position bigint not null, epoch bigint not null);

-- A name that only one live thing of an area may hold.
create table eml_name (area text not null, name text not null, stream_id text not null, primary key (area, name));

-- Which database role may append to which category; roles not listed (a real Marten, an administrator) may append anywhere.
create table eml_category (category text not null, role text not null, primary key (category, role));
create function eml_guard_category() returns trigger language plpgsql as $$
begin
  if exists (select from eml_category where role = current_user)
     and not exists (select from eml_category where role = current_user and category = split_part(new.stream_id, '-', 1)) then
    raise exception 'role % may not append to category %', current_user, split_part(new.stream_id, '-', 1) using errcode = '42501';
  end if;
  return new;
end $$;
create trigger eml_guard before insert on mt_events for each row execute function eml_guard_category();

-- Events are never removed in bulk.
create function eml_refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is never truncated' using errcode = '42501';
end $$;
create trigger eml_no_truncate before truncate on mt_events for each statement execute function eml_refuse_truncate();
