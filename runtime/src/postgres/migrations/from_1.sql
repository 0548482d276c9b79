-- From format 1 to format 2, beside which programs of format 1 go on.
UPDATE meta SET value = '2' WHERE name = 'format';
