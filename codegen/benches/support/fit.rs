//! How costs grow: the exponent of the power law that fits best.

use std::time::Duration;

/// The slope of the line through the logarithms of sizes and times, by least squares. 1 is linear.
pub(crate) fn exponent(costs: &[(usize, Duration)]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sizes are small")]
    let points: Vec<(f64, f64)> = costs
        .iter()
        .map(|(size, time)| ((*size as f64).ln(), time.as_secs_f64().max(1e-9).ln()))
        .collect();
    let mean = |of: fn(&(f64, f64)) -> f64| {
        points.iter().map(of).sum::<f64>() / points.iter().map(|_| 1.0).sum::<f64>()
    };
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let rise: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let run: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    rise / run
}
