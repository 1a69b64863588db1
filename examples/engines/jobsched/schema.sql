-- What is due is found by jobs_next; a job without a next tick is to be looked at now.
create table if not exists jobs (
  name    text collate "C" primary key,
  version bigint not null,
  after   timestamptz not null, -- all ticks up to it have been looked at
  next    timestamptz,
  in_turn boolean not null,     -- its ticks wait for the end of a run
  made    bigint not null default 0,
  missed  bigint not null default 0
);
create index if not exists jobs_next on jobs (next nulls first);
create sequence if not exists job_versions;
create table if not exists versions (
  name    text collate "C" not null,
  version bigint not null,
  updated timestamptz not null,
  job     text not null,
  primary key (name, version)
);
-- A run of which open is true is what its task is; the others keep what they became.
create table if not exists runs (
  id      text collate "C" primary key,
  job     text collate "C" not null,
  n       bigint generated always as identity,
  open    boolean not null,
  run     text not null
);
create index if not exists runs_job on runs (job, n desc);
create index if not exists runs_open on runs (job, n) where open;
create table if not exists leader (
  one    boolean primary key default true check (one),
  term   bigint not null,
  holder text not null,
  until  timestamptz not null
);
insert into leader (term, holder, until) values (0, '', 'epoch') on conflict do nothing;
