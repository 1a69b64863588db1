-- Codes and URLs are compared byte by byte: a collation may take different ones for equal.
create table if not exists links (
  code    text collate "C" primary key,
  url     text collate "C" not null,
  created timestamptz not null,
  updated timestamptz not null,
  expires timestamptz,
  max     bigint not null default 0,
  version bigint not null default 1,
  deleted boolean not null default false,
  clicks  bigint not null default 0
);
-- Every version, the newest included.
create table if not exists versions (
  code    text collate "C" not null,
  version bigint not null,
  url     text collate "C" not null,
  updated timestamptz not null,
  expires timestamptz,
  max     bigint not null,
  deleted boolean not null,
  primary key (code, version)
);
create table if not exists clicks (
  code   text collate "C" not null,
  minute bigint not null,
  n      bigint not null,
  primary key (code, minute)
);
-- The last batch of each node: one that is not above it changes nothing.
create table if not exists nodes (node text primary key, last bigint not null);
-- One row: the next counter, and the key of the codes.
create table if not exists counter (one boolean primary key default true check (one), next bigint not null, key bytea not null);
