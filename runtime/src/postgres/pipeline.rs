//! Many things said at once, in order.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::maybe_done;

/// Polls each future once, in this order, and then waits for all of them. What each says with its
/// first poll goes out before the next one's.
pub(super) async fn in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> =
        futures.into_iter().map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        for future in &mut futures {
            // Those that are done are asked below.
            let _ = future.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut outputs = Vec::with_capacity(futures.len());
    for mut future in futures {
        future.as_mut().await;
        outputs.extend(future.as_mut().take_output());
    }
    outputs
}
