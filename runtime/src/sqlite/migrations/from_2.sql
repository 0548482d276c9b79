-- From format 2 to format 3.

-- A definition also tells the function's fingerprint: a journal of format 2 knows none.
CREATE TABLE new_definition (
  n INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  revision TEXT NOT NULL,
  events TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  UNIQUE (workflow, revision, events, fingerprint)
) STRICT;
INSERT INTO new_definition SELECT n, workflow, revision, events, '' FROM definition;
DROP TABLE definition;
ALTER TABLE new_definition RENAME TO definition;
