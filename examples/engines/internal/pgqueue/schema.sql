-- IDs and names are compared byte by byte: a collation may take different ones for equal.
-- text and not jsonb: a payload comes back as it was sent.
create table if not exists tasks (
  id           text collate "C" primary key,
  queue        text collate "C" not null,
  type         text collate "C" not null,
  payload      text not null,
  priority     int not null,
  due          timestamptz not null,
  max_failures int not null,
  max_lost     int not null,
  state        text collate "C" not null,
  token        bigint not null default 0,
  failures     int not null default 0,
  lost         int not null default 0,
  worker       text not null default '',
  until        timestamptz,
  granted      boolean not null default false,
  enqueued     timestamptz not null,
  started      timestamptz,
  ended        timestamptz,
  result       text not null default '',
  error        text not null default ''
);
-- One index for each question: what is next, what has become due, whose lease has ended,
-- what may be forgotten. Each has only the tasks that are in that state.
create index if not exists tasks_ready on tasks (queue, priority desc, due, id) where state = 'ready';
create index if not exists tasks_delayed on tasks (due) where state = 'delayed';
create index if not exists tasks_leased on tasks (until) where state = 'leased';
create index if not exists tasks_done on tasks (ended) where state = 'done';
create index if not exists tasks_dead on tasks (id) where state = 'dead';
-- How many that were done have been forgotten.
create table if not exists forgotten (queue text collate "C" primary key, n bigint not null);
