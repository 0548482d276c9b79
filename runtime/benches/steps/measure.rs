//! Medians, spreads, and what the process holds in memory.

use std::fmt;
use std::time::Duration;

/// The value in the middle.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The value that so many of a hundred are below.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One ratio per round: the one in the middle, and how far the others are from it.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn new(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        Self(ratios)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, .., last] = self.0.as_slice() else {
            return write!(out, "{:.2}", self.0.first().copied().unwrap_or(f64::NAN));
        };
        let middle = self.0[self.0.len() / 2];
        write!(out, "{middle:.2} ({first:.2} to {last:.2} in {} rounds)", self.0.len())
    }
}

/// What the process holds in memory, in bytes; 0 where that is not known.
pub(crate) fn resident() -> u64 {
    status("VmRSS:")
}

/// The most that it held since [`forget_peak`].
pub(crate) fn peak() -> u64 {
    status("VmHWM:")
}

/// Lets the peak be what is held now.
pub(crate) fn forget_peak() {
    // Linux alone has it; elsewhere the peak is 0 anyhow.
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
