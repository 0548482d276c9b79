-- From format 3 to format 4.

-- Runs that were purged, and of which rows are left in other tables. No run has their number.
CREATE TABLE purged (
  n INTEGER PRIMARY KEY
) STRICT;
