-- Format 6: packages stand in a table of their own. In the row of their version they stood before
-- columns that every request for the index reads, which so walked through all of their pages.
create table packages (
  release integer primary key references releases (id),
  -- The .crate file.
  bytes blob not null
) strict;
insert into packages (release, bytes) select id, package from releases;
alter table releases drop column package;
