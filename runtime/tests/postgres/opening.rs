//! How a journal is opened, and when it is not.

use std::time::Duration;

use flowcrate::postgres::{OpenError, PostgresStore};
use flowcrate::store::{CodecError, PayloadCodec};
use flowcrate::testkit::Cluster;
use flowcrate::testkit::conformance::{Probe, model};

use crate::kit::{block_on, options};

/// Turns each byte round; what is sealed with one key is nothing with another.
struct Turned(u8);

impl PayloadCodec for Turned {
    fn name(&self) -> &'static str {
        "turned"
    }

    fn encode(&self, plain: &[u8]) -> Result<Vec<u8>, CodecError> {
        Ok(plain.iter().map(|byte| byte ^ self.0).collect())
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
        self.encode(stored)
    }
}

fn code(opened: Result<PostgresStore, OpenError>) -> &'static str {
    opened.map_or_else(|error| error.code(), |_| "opened")
}

#[test]
fn a_later_format_is_refused_unless_it_works_with_ours() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let open = || code(block_on(options(&schema).open()));
    let set = |name: &str, value: &str| {
        let table = format!("\"{schema}\".meta");
        cluster.sql(&format!("UPDATE {table} SET value = '{value}' WHERE name = '{name}'"));
    };
    assert_eq!(open(), "opened");
    // The next version is at work, and lets ours go on beside it.
    set("format", "3");
    assert_eq!(open(), "opened");
    set("works_with", "3");
    assert_eq!(open(), "newer_format");
}

/// The tables of format 1, as its programs laid them.
const FORMAT_1: &[&str] = &[
    include_str!("../../src/postgres/migrations/tables.sql"),
    include_str!("../../src/postgres/migrations/runs.sql"),
    include_str!("../../src/postgres/migrations/workers.sql"),
    include_str!("../../src/postgres/migrations/write.sql"),
];

#[test]
fn an_earlier_format_is_brought_up_to_date() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let old = FORMAT_1.join("\n");
    cluster.sql(&format!("CREATE SCHEMA \"{schema}\"; SET search_path TO \"{schema}\"; {old}"));
    let formats = format!(
        "SELECT name, value FROM \"{schema}\".meta
         WHERE name IN ('format', 'works_with') ORDER BY name"
    );
    let before = cluster.sql(&formats);
    let open = || block_on(options(&schema).lease(Duration::from_hours(1)).open()).unwrap();
    let store = Probe::new(open());
    // Programs of the format before go on beside this one.
    assert_ne!(cluster.sql(&formats)[0], before[0]);
    assert_eq!(cluster.sql(&formats)[1], before[1]);
    model::agrees_with_the_model(&store, 5, 200);
    drop(open());
}

#[test]
fn a_schema_of_another_program_is_left_alone() {
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    cluster.sql(&format!("CREATE SCHEMA \"{schema}\"; CREATE TABLE \"{schema}\".run (n bigint)"));
    assert_eq!(code(block_on(options(&schema).open())), "foreign_schema");
    let tables = format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'");
    assert_eq!(cluster.sql(&tables)[0][0].as_deref(), Some("1"));
}

#[test]
fn many_that_find_it_empty_lay_its_tables_once() {
    let schema = Cluster::schema();
    std::thread::scope(|scope| {
        let open = || code(block_on(options(&schema).open()));
        let all: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        for opened in all {
            assert_eq!(opened.join().unwrap(), "opened");
        }
    });
}

#[test]
fn an_address_that_leads_nowhere_says_so() {
    let open = |address: &str| code(block_on(PostgresStore::open(address)));
    assert_eq!(open("what is this?"), "bad_address");
    assert_eq!(open("host=/nowhere/at/all user=nobody"), "unreachable");
}

#[test]
fn a_codec_reads_what_it_has_written_and_no_other_does() {
    let schema = Cluster::schema();
    let hour = Duration::from_hours(1);
    let store = block_on(options(&schema).lease(hour).codec(Turned(0x5a)).open()).unwrap();
    model::agrees_with_the_model(&Probe::new(store), 3, 300);
    let readable = format!(
        "SELECT count(*) FROM \"{schema}\".run WHERE substr(input, 1, 1) <> '\\x01'::bytea"
    );
    assert_eq!(Cluster::shared().sql(&readable)[0][0].as_deref(), Some("0"));
    assert_eq!(code(block_on(options(&schema).open())), "wrong_codec");
    assert_eq!(code(block_on(options(&schema).codec(Turned(0x33)).open())), "wrong_codec");
    assert_eq!(code(block_on(options(&schema).codec(Turned(0x5a)).open())), "opened");
}
