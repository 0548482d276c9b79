//! What a durable engine promises, at which of its two seams, and what a back end offers (R27).
//!
//! The *core* seam is what a workflow function sees: commands that are performed and recorded, and
//! completions in one order. Any log could offer it, one that knows only positions, too; see
//! `testkit::positional`. The *store* seam is what goes on around the
//! function: keys, owners, queries, other runs. A [`Store`](crate::store::Store) says by its
//! [`profile`](crate::store::Store::profile) which promises it keeps; a workflow that needs more is
//! refused when it is registered.
//!
//! ```
//! use flowcrate::profile::{Profile, Promise, Seam};
//!
//! assert_eq!(Promise::Timers.seam(), Seam::Core);
//! assert_eq!(Promise::Children.seam(), Seam::Store);
//! let needs = Profile::core().with(Promise::Children);
//! assert_eq!(Profile::core().lacks(needs), Some(Promise::Children));
//! assert_eq!(Profile::full().lacks(needs), None);
//! ```

use std::fmt;

/// Which seam keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seam {
    /// Between the engine and its back end.
    Core,
    /// Between the back end and its store.
    Store,
}

macro_rules! promises {
    ($($(#[doc = $doc:literal])+ $name:ident = $seam:ident $text:literal,)+) => {
        /// Something that a workflow may rely on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Promise {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Promise {
            /// All of them, those of the core first.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Which seam keeps it.
            pub const fn seam(self) -> Seam {
                match self {
                    $(Self::$name => Seam::$seam,)+
                }
            }

            /// Its name in messages.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

promises! {
    /// Outcomes come in one order, live and on each replay (R1).
    Order = Core "ordered outcomes",
    /// Nothing takes effect before what it follows from is durable (R2, promise b).
    DurableFirst = Core "durable before it takes effect",
    /// A command has one outcome for ever (R3, promises c and d).
    OneOutcome = Core "one outcome",
    /// Failed attempts are tried again by their policy, with one idempotency key (R4, promise g).
    Attempts = Core "attempts",
    /// Waiting for an instant (R11).
    Timers = Core "timers",
    /// Waiting for an event; one that came early counts (R16, promise f).
    Events = Core "events",
    /// Recorded work of the function itself (R8), and chance (R10).
    Memos = Core "memos",
    /// Loops, races, tries and time-outs: what follows from the order of outcomes alone.
    Scopes = Core "scopes",
    /// An acknowledged start is durable, and a key has one run (R22, promise a).
    StartKeys = Store "start keys",
    /// A predecessor writes nothing after a takeover (R21, promise e).
    Fencing = Store "fencing",
    /// A waking run replays from its newest seals only (R6, R7).
    Sealing = Store "sealing",
    /// Runs are listed, read, explained; what they publish can be queried (R25, promise h).
    Queries = Store "queries",
    /// Durable progress streams.
    Progress = Store "progress streams",
    /// What a run has done is undone, whatever became of its function (R15).
    Compensation = Store "compensation",
    /// Calls of other workflows, awaited and not (R18).
    Children = Store "children",
    /// Runs go on in another revision (R19).
    Adoption = Store "adoption",
    /// Runs go another way from one of their steps (R20).
    Forks = Store "forks",
    /// Runs of a workflow are limited, by number and by rate (R24).
    Limits = Store "limits",
    /// Schedules fire once per instant (R23).
    Schedules = Store "schedules",
    /// Rows of the application are written with a step's outcome, in one commit (R32).
    Transactions = Store "transactions",
}

impl fmt::Display for Promise {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A set of promises: what is offered, or what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile(u32);

impl Profile {
    /// None at all.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Those of the core.
    pub const fn core() -> Self {
        Self::of(Seam::Core)
    }

    /// All of them.
    pub const fn full() -> Self {
        Self(Self::core().0 | Self::of(Seam::Store).0)
    }

    const fn of(seam: Seam) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < Promise::ALL.len() {
            if Promise::ALL[at].seam() as u8 == seam as u8 {
                set |= 1 << at;
            }
            at += 1;
        }
        Self(set)
    }

    /// These and this one.
    #[must_use]
    pub const fn with(self, promise: Promise) -> Self {
        Self(self.0 | 1 << promise as u32)
    }

    /// These but not this one.
    #[must_use]
    pub const fn without(self, promise: Promise) -> Self {
        Self(self.0 & !(1 << promise as u32))
    }

    /// Whether it has this one.
    pub const fn has(self, promise: Promise) -> bool {
        self.0 & 1 << promise as u32 != 0
    }

    /// The first promise of `needs` that this does not have.
    pub fn lacks(self, needs: Self) -> Option<Promise> {
        let lacking = |promise: &&Promise| needs.has(**promise) && !self.has(**promise);
        Promise::ALL.iter().find(lacking).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Profile, Promise, Seam};

    #[test]
    fn each_promise_belongs_to_one_seam() {
        let core = Promise::ALL.iter().filter(|promise| promise.seam() == Seam::Core);
        assert!(core.clone().all(|promise| Profile::core().has(*promise)));
        assert_eq!(core.count(), 8);
        assert!(Promise::ALL.iter().all(|promise| Profile::full().has(*promise)));
        assert_eq!(
            Profile::full().without(Promise::Forks).lacks(Profile::full()),
            Some(Promise::Forks)
        );
        assert_eq!(Profile::none().lacks(Profile::none()), None);
    }
}
