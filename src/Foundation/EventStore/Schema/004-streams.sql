-- The streams of each category in the order of their first events, for lists of the past; brought up to date whenever one is asked for.
create table ledger.eml_stream (category text not null, first_position bigint not null, stream_id text not null, primary key (category, first_position));

-- The streams of a category whose ids begin with the prefix, that began after one position and not after another.
create function ledger.eml_streams(of_category text, prefix text, after_position bigint, until_position bigint, most int)
returns table (stream_id text, first_position bigint) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  seen bigint;
  head bigint;
begin
  select position into seen from ledger.eml_follower where name = 'streams';
  if seen is null or seen < until_position then
    insert into ledger.eml_follower values ('streams', 0, 0) on conflict do nothing;
    select position into seen from ledger.eml_follower where name = 'streams' for update;
    select position into head from ledger.eml_head;
    insert into ledger.eml_stream
    select split_part(e.stream_id, '-', 1), p.position, e.stream_id
    from ledger.eml_position p join ledger.mt_events e on e.seq_id = p.seq_id
    where p.position > seen and p.position <= head and e.version = 1;
    update ledger.eml_follower set position = head where name = 'streams' and position < head;
  end if;
  return query
    select s.stream_id, s.first_position from ledger.eml_stream s
    where s.category = of_category and s.first_position > after_position and s.first_position <= until_position and starts_with(s.stream_id, prefix)
    order by s.first_position limit most;
end $$;
