//! Brings the tables of each earlier format to those of the next.
//!
//! A migration runs in the transaction that also raises the format, on the driver alone.
//! Whoever changes `schema.sql` changes the newest migration with it: a test holds that a journal
//! which was brought up to date has the tables of a new one.

use rusqlite::{Connection, Result};

/// Brings the tables from this format to the next one.
pub(super) fn migrate(tables: &Connection, from: i32) -> Result<()> {
    match from {
        1 => from_1(tables),
        2 => tables.execute_batch(include_str!("migrations/from_2.sql")),
        3 => tables.execute_batch(include_str!("migrations/from_3.sql")),
        _ => Ok(()),
    }
}

fn from_1(tables: &Connection) -> Result<()> {
    // Format 1 was written in two ways: at first a schedule had no rule. Without one it counts
    // as edited, which is what the version that added rules made of it, too.
    if !has_column(tables, "schedule", "rule")? {
        tables.execute_batch("ALTER TABLE schedule ADD COLUMN rule TEXT NOT NULL DEFAULT '';")?;
    }
    tables.execute_batch(include_str!("migrations/from_1.sql"))
}

fn has_column(tables: &Connection, table: &str, column: &str) -> Result<bool> {
    let find = "SELECT EXISTS (SELECT 1 FROM pragma_table_xinfo(?) WHERE name = ?)";
    tables.query_row(find, (table, column), |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::migrate;
    use rusqlite::Connection;

    /// The tables of format 1, as they stood in its last version and in its first.
    const FORMAT_1: &str = include_str!("migrations/format_1.sql");

    /// The tables of format 2.
    const FORMAT_2: &str = include_str!("migrations/format_2.sql");

    /// The tables of format 3.
    const FORMAT_3: &str = include_str!("migrations/format_3.sql");

    /// Every column, index and trigger, in an order that does not depend on how they came there.
    fn shape(tables: &Connection) -> Vec<String> {
        let columns = "SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\"
                              || ' ' || c.pk || ' ' || t.wr || ' ' || t.strict
                       FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
                       WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'
                       UNION ALL
                       SELECT coalesce(sql, name) FROM sqlite_schema WHERE type IN ('index', 'trigger')
                       ORDER BY 1";
        let mut statement = tables.prepare(columns).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn a_migrated_journal_has_the_tables_of_a_new_one() {
        let new = Connection::open_in_memory().unwrap();
        new.execute_batch(include_str!("schema.sql")).unwrap();
        let without_rules = FORMAT_1.replace("  rule TEXT NOT NULL,\n", "");
        assert_ne!(without_rules, FORMAT_1);
        for (format, old) in [(1, FORMAT_1), (1, &without_rules), (2, FORMAT_2), (3, FORMAT_3)] {
            let migrated = Connection::open_in_memory().unwrap();
            migrated.execute_batch(old).unwrap();
            for from in format..4 {
                migrate(&migrated, from).unwrap();
            }
            assert_eq!(shape(&migrated), shape(&new));
        }
    }
}
