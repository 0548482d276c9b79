//! A plugin for differential tests: its action, and what stands in for a person's functions, do
//! what a [`World`] says, in virtual time.
//!
//! Interpreter and emitted crates call the same function; the model reads the same world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use flowcrate::testkit::pass;
use flowcrate_plugins::{StepContext, StepError, Typed, action};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What steps do: by the node's id, then by the iteration that they stand in, then by attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// What is not named here answers 0 after a millisecond.
    pub steps: BTreeMap<String, Vec<Vec<Attempt>>>,
}

/// What one attempt does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// How long it takes, in milliseconds.
    pub takes: u64,
    /// When it gives a sign of life, in milliseconds from its beginning, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beats: Vec<u64>,
    /// How it ends.
    pub end: End,
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With this number.
    Answer(i64),
    /// With an error that may pass.
    Retryable,
    /// With an error that goes away after so many milliseconds.
    Busy(u64),
    /// With an error for good.
    Fatal,
    /// With a panic.
    Panic,
}

impl World {
    /// What the attempt of this number (from 1) does at a path. The last that is written goes on
    /// for ever; iterations take turns, by the sum of the numbers in the path.
    pub fn attempt(&self, path: &str, number: u32) -> Attempt {
        let id = path.rsplit('/').next().unwrap_or(path);
        let turn: usize =
            path.split('[').filter_map(|part| part.split_once(']')?.0.parse::<usize>().ok()).sum();
        let nothing = Attempt { takes: 1, beats: Vec::new(), end: End::Answer(0) };
        let Some(lives) = self.steps.get(id).filter(|lives| !lives.is_empty()) else {
            return nothing;
        };
        let life = lives.get(turn % lives.len());
        let at = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        life.and_then(|life| life.get(at).or(life.last())).cloned().unwrap_or(nothing)
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// Lets the runs that are played on this thread see another world.
pub fn enter(world: World) {
    WORLD.set(world);
}

/// What to call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Typed)]
pub struct Call {
    /// Added to the answer.
    pub count: i64,
    /// Comes back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Typed)]
pub struct Said {
    /// The answer and the count.
    pub value: i64,
    /// The text that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As many numbers as the last two bits of the value say.
    pub list: Vec<i64>,
    /// How it went.
    pub mood: Mood,
}

/// A choice of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Typed)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// The value is even.
    Good,
    /// The value is odd.
    Bad,
}

impl Said {
    /// What an answer to a call is.
    pub fn of(answer: i64, call: Call) -> Self {
        let value = answer.wrapping_add(call.count);
        let mood = if value % 2 == 0 { Mood::Good } else { Mood::Bad };
        Self { value, text: call.text, list: (0..value & 3).collect(), mood }
    }
}

/// What a function gives that a person wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Typed)]
pub struct Price {
    /// The answer less the count.
    pub cents: i64,
    /// The text that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Price {
    /// What an answer is of what it was asked.
    pub fn of(answer: i64, call: Call) -> Self {
        Self { cents: answer.wrapping_sub(call.count), text: call.text }
    }
}

/// Does what the world says.
#[action(
    kind = "scripted.call@1",
    label = "Scripted call",
    category = "Tests",
    feature = "call",
    effects
)]
pub async fn call(step: StepContext, input: Call) -> Result<Said, StepError> {
    Ok(Said::of(act(&step).await?, input))
}

/// Where an emitted crate has a function that a person wrote, and the catalogue nothing: the harness
/// calls this for it (S36).
#[action(
    kind = "custom@1",
    label = "Scripted function",
    category = "Tests",
    feature = "call",
    effects
)]
pub async fn price(step: StepContext, input: Call) -> Result<Price, StepError> {
    Ok(Price::of(act(&step).await?, input))
}

/// The same of the types that a crate has for it: what `custom.rs` is written with.
///
/// # Errors
///
/// As the world says.
pub async fn write<I: Serialize, O: DeserializeOwned>(
    step: StepContext,
    input: I,
) -> Result<O, StepError> {
    let unfit = |error: serde_json::Error| StepError::fatal("input", error.to_string());
    let input = serde_json::to_value(input).and_then(serde_json::from_value).map_err(unfit)?;
    let price = price(step, input).await?;
    serde_json::to_value(price).and_then(serde_json::from_value).map_err(unfit)
}

/// Takes its time, and answers or fails.
async fn act(step: &StepContext) -> Result<i64, StepError> {
    let attempt = WORLD.with_borrow(|world| world.attempt(step.path(), step.attempt()));
    let mut passed = 0;
    for beat in attempt.beats.iter().filter(|beat| **beat < attempt.takes) {
        pass(Duration::from_millis(beat - passed)).await;
        passed = *beat;
        // Nobody may want the outcome any more; it goes on all the same.
        let _ = step.heartbeat(&passed).await;
    }
    pass(Duration::from_millis(attempt.takes - passed)).await;
    match attempt.end {
        End::Answer(answer) => Ok(answer),
        End::Retryable => Err(StepError::retryable("flaky", "not this time")),
        End::Busy(after) => {
            let delay = Duration::from_millis(after);
            Err(StepError::rate_limited("busy", "come back", delay))
        }
        End::Fatal => Err(StepError::fatal("broken", "never")),
        // Past the hook that would print it.
        End::Panic => std::panic::resume_unwind(Box::new("as the world asked")),
    }
}
