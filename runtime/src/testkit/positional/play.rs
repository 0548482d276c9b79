//! One life of a process that runs a workflow over a log: the loop that any host of the engine has.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};
use serde_json::Value;

use super::backend::{PositionalBackend, Start, Wait};
use super::log::Log;
use crate::backend::{Failed, Outcome, Verdict, judge};
use crate::clock::{Clock, SystemClock};
use crate::context::{Context, RunInfo, StepContext, StepInfo};
use crate::engine::{Core, Progress, RootWaker, Run};
use crate::error::{Error, Result};
use crate::failure::{Failure, StepError};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::values::Timestamp;
use crate::workflow::{ErasedWorkflow, Workflow};

/// What befalls a life.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// It ends once the log holds so many completions.
    pub(super) dies_after: Option<usize>,
    /// Positions whose bodies must not run, since the log has their completions.
    pub(super) done: BTreeSet<usize>,
}

type Attempt = BoxFuture<'static, (usize, u32, Result<Payload, StepError>)>;

/// A step under way.
struct Step {
    start: Start,
    began: Timestamp,
    /// When it is tried again, while it rests.
    due: Option<Timestamp>,
    attempts: u32,
}

/// Everything around one run.
struct Host {
    backend: Rc<RefCell<PositionalBackend>>,
    id: RunId,
    steps: BTreeMap<usize, Step>,
    running: Vec<Attempt>,
    /// How far the clock was moved on, since nothing but timers was left.
    ahead: Duration,
    life: Life,
}

/// Runs a workflow over its log until it ends, or the life does.
pub(super) fn live<W: Workflow + Clone + Send + Sync>(
    workflow: &W,
    input: &Value,
    log: &mut Log,
    life: Life,
) -> Result<Option<Result<Value>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|_| Error::Setup("no runtime could be started"))?;
    let kept = std::mem::replace(log, Log::new(Vec::new()));
    let backend = Rc::new(RefCell::new(PositionalBackend::new(kept, SystemClock.now())));
    let seed = backend.borrow().log.seed;
    let (id, started_at) = (RunId::from_bytes(seed), Timestamp(0));
    let seam = Rc::clone(&backend);
    let core = Rc::new(RefCell::new(Core::new(seam, started_at, Workflow::undos(workflow))));
    let ctx = Context::new(Rc::clone(&core), RunInfo { id, started_at, seed });
    let erased: &dyn ErasedWorkflow = workflow;
    let root = erased.run(ctx.clone(), &Payload::from(input))?;
    let run = Run::new(core, ctx, root, RootWaker::new(Box::new(|| {})));
    let (steps, running) = (BTreeMap::new(), Vec::new());
    let ahead = Duration::ZERO;
    let host = Host { backend: Rc::clone(&backend), id, steps, running, ahead, life };
    let ended = runtime.block_on(host.run(run));
    let now = backend.borrow().now;
    // Only the log outlives the life.
    let fresh = PositionalBackend::new(Log::new(Vec::new()), now);
    *log = backend.replace(fresh).log;
    Ok(ended)
}

impl Host {
    async fn run(mut self, mut run: Run) -> Option<Result<Value>> {
        loop {
            self.tell_time();
            match run.drive() {
                Progress::Returned(result) => {
                    return Some(result.map(|output| output.to_value()));
                }
                Progress::Stuck(failure) => return Some(Err(Error::Paused(failure))),
                Progress::Waiting => {}
            }
            self.perform();
            if self.has_died() {
                return None;
            }
            if let Err(failure) = self.wait().await {
                return Some(Err(Error::Paused(failure)));
            }
            if self.has_died() {
                return None;
            }
        }
    }

    fn has_died(&self) -> bool {
        let completions = self.backend.borrow().log.completions();
        self.life.dies_after.is_some_and(|point| completions >= point)
    }

    fn tell_time(&self) {
        let now = crate::clock::later(SystemClock.now(), self.ahead);
        let mut backend = self.backend.borrow_mut();
        backend.now = backend.now.max(now);
    }

    /// Starts and stops bodies, and delivers events that are there.
    fn perform(&mut self) {
        let mut backend = self.backend.borrow_mut();
        let now = backend.now;
        for position in std::mem::take(&mut backend.stops) {
            self.steps.remove(&position);
        }
        for start in std::mem::take(&mut backend.starts) {
            assert!(!self.life.done.contains(&start.position), "{} ran again", start.path);
            let position = start.position;
            let step = Step { start, began: now, due: None, attempts: 0 };
            self.running.push(attempt(self.id, now, &step));
            self.steps.insert(position, step);
        }
        let waits = backend.waits.iter().filter_map(|(position, wait)| match wait {
            Wait::Event(key, _, asked) => Some((*position, key.clone(), asked.clone())),
            Wait::Timer(_) => None,
        });
        for (position, key, asked) in waits.collect::<Vec<_>>() {
            if let Some(payload) = backend.log.take_event(&key, asked.as_ref()) {
                backend.complete(position, Outcome::Completed(Some(payload)));
                return;
            }
        }
    }

    /// Waits for the next thing to happen: a body ends, or an instant comes.
    async fn wait(&mut self) -> Result<(), Failure> {
        // What came at once is to be surfaced first.
        let due = self.next_due();
        if self.backend.borrow().is_behind() {
            return Ok(());
        }
        let now = self.backend.borrow().now;
        let Some((at, position)) = due else {
            if self.running.is_empty() {
                return Err(Failure::new("stuck", "the run waits for what never comes"));
            }
            return self.next_body(None).await;
        };
        if self.running.is_empty() && at > now {
            // Nothing else can happen until then.
            self.ahead += Duration::from_millis(u64::try_from(at.0 - now.0).unwrap_or(0));
            self.tell_time();
        } else if at > now {
            let left = Duration::from_millis(u64::try_from(at.0 - now.0).unwrap_or(0));
            return self.next_body(Some(left)).await;
        }
        self.fire(position);
        Ok(())
    }

    /// The earliest instant at which something is due.
    fn next_due(&self) -> Option<(Timestamp, usize)> {
        let backend = self.backend.borrow();
        let waits = backend.waits.iter().filter_map(|(position, wait)| match wait {
            Wait::Timer(due) | Wait::Event(_, Some(due), _) => Some((*due, *position)),
            Wait::Event(_, None, _) => None,
        });
        let steps = self.steps.iter().filter_map(|(at, step)| step.due.map(|due| (due, *at)));
        waits.chain(steps).min()
    }

    fn fire(&mut self, position: usize) {
        let now = self.backend.borrow().now;
        if let Some(step) = self.steps.get_mut(&position) {
            step.due = None;
            self.running.push(attempt(self.id, now, step));
        } else {
            self.backend.borrow_mut().complete(position, Outcome::Completed(None));
        }
    }

    /// Lets bodies run until one ends, for so long at most.
    async fn next_body(&mut self, left: Option<Duration>) -> Result<(), Failure> {
        let mut bodies = select_all(std::mem::take(&mut self.running));
        let ended = match left {
            None => Some((&mut bodies).await),
            Some(left) => tokio::time::timeout(left, &mut bodies).await.ok(),
        };
        let Some(((position, number, result), _, rest)) = ended else {
            self.running = bodies.into_inner();
            return Ok(());
        };
        self.running = rest;
        self.tell_time();
        self.attempt_ended(position, number, result);
        Ok(())
    }

    fn attempt_ended(&mut self, position: usize, number: u32, result: Result<Payload, StepError>) {
        let Some(step) = self.steps.get_mut(&position) else { return };
        step.attempts = number;
        let now = self.backend.borrow().now;
        let error = match result {
            Ok(output) => {
                self.steps.remove(&position);
                let outcome = Outcome::Completed(Some(output));
                return self.backend.borrow_mut().complete(position, outcome);
            }
            Err(error) => error,
        };
        let failed = Failed { error: &error, failed: number, since: step.began, now, chance: 0.0 };
        if let Verdict::Retry(due) = judge(&step.start.policy, &failed) {
            step.due = Some(due);
            return;
        }
        let failure = Failure::of(error, number, &*step.start.path);
        self.steps.remove(&position);
        self.backend.borrow_mut().complete(position, Outcome::Failed(failure));
    }
}

/// The next attempt of a step's body.
fn attempt(id: RunId, now: Timestamp, step: &Step) -> Attempt {
    let Start { position, path, policy, body } = &step.start;
    let (position, number) = (*position, step.attempts + 1);
    let info = StepInfo {
        run: id,
        workflow: "positional".into(),
        revision: "1".into(),
        run_started_at: Timestamp(0),
        path: path.clone(),
        attempt: number,
        attempts: policy.max_attempts,
        started_at: now,
        deadline: policy.timeout.map(|timeout| crate::clock::later(now, timeout)),
        key: format!("{id}/{position}"),
        last_heartbeat: None,
        edited_input: None,
    };
    let (ctx, token) = StepContext::new(info, None);
    let timeout = policy.timeout;
    let body = body(ctx);
    async move {
        // Held until the body ends: without it the body would wait to be cancelled in vain.
        let _token = token;
        let body = std::panic::AssertUnwindSafe(body).catch_unwind();
        let ended = match timeout {
            None => body.await,
            Some(timeout) => match tokio::time::timeout(timeout, body).await {
                Ok(ended) => ended,
                Err(_) => return (position, number, Err(timed_out())),
            },
        };
        let result = ended.unwrap_or_else(|panic| {
            let said = crate::engine::panic_message(panic.as_ref());
            Err(StepError::of_engine(crate::failure::ErrorClass::Panic, "panic", said))
        });
        (position, number, result)
    }
    .boxed()
}

fn timed_out() -> StepError {
    let class = crate::failure::ErrorClass::Timeout;
    StepError::of_engine(class, "timeout", "the attempt took too long")
}
