//! One run at a time, beside the disk.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use flowcrate::sqlite::Synchronous;

use super::measure::{median, milliseconds, percentile};
use super::workflows::{Steps, engine_syncing, run};

/// As much as the store's log grows to before it begins anew.
const LOG: usize = 16 << 20;

/// A 3-step run, each commit synced or not, beside one sync of as many bytes as it writes, in turn.
pub(crate) async fn one_at_a_time(directory: &Path, size: Option<u32>) {
    let runs = size.unwrap_or(400);
    let file = directory.join("full.db");
    let (full, store) = engine_syncing(&file, Synchronous::Full, Steps::default()).await;
    let normal = directory.join("normal.db");
    let (normal, _store) = engine_syncing(&normal, Synchronous::Normal, Steps::default()).await;
    let (bytes, commits) = {
        run(&full, 3).await;
        let (size, commits) = (log_size(&file), store.commits());
        for _ in 0..20 {
            run(&full, 3).await;
        }
        let bytes = usize::try_from((log_size(&file) - size) / 20).unwrap();
        (bytes, (store.commits() - commits) as f64 / 20.0)
    };
    // A log that has once been full is written over, which the disk has done sooner.
    for _ in 0..LOG / bytes {
        run(&full, 3).await;
    }
    let mut plain = Plain::new(directory, bytes);
    let (mut fulls, mut normals, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let begun = Instant::now();
        run(&full, 3).await;
        fulls.push(begun.elapsed());
        let begun = Instant::now();
        run(&normal, 3).await;
        normals.push(begun.elapsed());
        syncs.push(plain.sync());
    }
    full.shutdown().await;
    normal.shutdown().await;
    let (run, sync) = (median(&mut fulls), median(&mut syncs));
    println!(
        "3-step run, one at a time: p50 {:.2} ms, p99 {:.2} ms, {commits:.1} commits of {} kB in \
         all; one fdatasync of the same bytes {:.3} ms; ratio {:.1} (budget 6); without syncs \
         (NORMAL) p50 {:.2} ms",
        milliseconds(run),
        milliseconds(percentile(&mut fulls, 99)),
        bytes / 1024,
        milliseconds(sync),
        run.as_secs_f64() / sync.as_secs_f64(),
        milliseconds(median(&mut normals)),
    );
}

/// A file that has its size, as the store's log does.
struct Plain {
    file: File,
    block: Vec<u8>,
    at: usize,
}

impl Plain {
    fn new(directory: &Path, bytes: usize) -> Self {
        let file = File::create(directory.join("plain")).unwrap();
        file.write_all_at(&vec![0; LOG], 0).unwrap();
        file.sync_all().unwrap();
        Self { file, block: vec![0x5a; bytes], at: 0 }
    }

    /// How long it takes to have as many bytes on the disk as a run writes.
    fn sync(&mut self) -> Duration {
        let begun = Instant::now();
        self.file.write_all_at(&self.block, self.at as u64).unwrap();
        self.file.sync_data().unwrap();
        self.at = (self.at + self.block.len()) % (LOG - self.block.len());
        begun.elapsed()
    }
}

fn log_size(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).unwrap().len()
}
