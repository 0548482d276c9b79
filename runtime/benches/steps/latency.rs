//! One run at a time, beside the disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::measure::{median, milliseconds, percentile};
use super::workflows::{Steps, engine, run};

/// A 3-step run beside one sync of as many bytes as it writes.
pub(crate) async fn one_at_a_time(directory: &Path, size: Option<u32>) {
    let runs = size.unwrap_or(400);
    let file = directory.join("one.db");
    let (engine, store) = engine(&file, Steps::default()).await;
    for _ in 0..20 {
        run(&engine, 3).await;
    }
    let (size, commits) = (log_size(&file), store.commits());
    for _ in 0..20 {
        run(&engine, 3).await;
    }
    let bytes = usize::try_from((log_size(&file) - size) / 20).unwrap();
    let commits = (store.commits() - commits) as f64 / 20.0;
    let mut plain = File::create(directory.join("plain")).unwrap();
    let block = vec![0x5a; bytes];
    let (mut ours, mut syncs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let begun = Instant::now();
        run(&engine, 3).await;
        ours.push(begun.elapsed());
        let begun = Instant::now();
        plain.write_all(&block).unwrap();
        plain.sync_data().unwrap();
        syncs.push(begun.elapsed());
    }
    engine.shutdown().await;
    let (run, sync) = (median(&mut ours), median(&mut syncs));
    println!(
        "3-step run, one at a time: p50 {:.2} ms, p99 {:.2} ms, {commits:.1} commits of {} kB in \
         all; one fdatasync of the same bytes {:.3} ms; ratio {:.1} (budget 6)",
        milliseconds(run),
        milliseconds(percentile(&mut ours, 99)),
        bytes / 1024,
        milliseconds(sync),
        run.as_secs_f64() / sync.as_secs_f64(),
    );
}

fn log_size(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).unwrap().len()
}
