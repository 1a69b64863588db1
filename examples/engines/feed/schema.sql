create table if not exists people (
	name text collate "C" primary key,
	version bigint not null default 0, -- of a reader's timelines
	last bigint not null default 0,    -- an author's newest id
	skipped bigint not null default 0  -- an author's newest post that was not pushed
);
create table if not exists posts (
	id bigint primary key,
	author text collate "C" not null,
	text text not null,
	at timestamptz not null
);
create index if not exists posts_author on posts (author, id);
create table if not exists waiting ( -- for the fan-out
	id bigint primary key references posts on delete cascade,
	author text collate "C" not null
);
create index if not exists waiting_author on waiting (author, id);
create table if not exists follows (
	reader text collate "C", author text collate "C",
	primary key (reader, author)
);
create index if not exists follows_author on follows (author, reader);
create table if not exists blocks (
	reader text collate "C", author text collate "C",
	primary key (reader, author)
);
create table if not exists turns ( -- when a reader began or ceased to follow
	n bigserial primary key,
	reader text collate "C" not null, author text collate "C" not null,
	at timestamptz not null, "on" boolean not null
);
create index if not exists turns_reader on turns (reader, author, n);
create sequence if not exists nodes;
