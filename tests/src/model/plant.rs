//! Wrong readings of the page, planted into the model one at a time: the comparison has to notice
//! each. What it notices in the model it would notice in the compiler.

/// A rule that is read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// S2: a merge runs with the first live edge.
    MergeEarly,
    /// S2: `join: all` runs if any edge is live.
    AllIsAny,
    /// S14: what is disabled is skipped.
    DisabledIsSkipped,
    /// The last case that holds wins.
    LastCase,
    /// S17: `//` cuts off towards zero.
    DivisionTowardsZero,
    /// S20: one attempt more than the policy has.
    AttemptTooMany,
    /// S20: the other side's delay is cut by the cap.
    CapCutsTheirDelay,
    /// S21: `on_error: continue` is no handle.
    ContinueFails,
    /// S23: `finally` follows success alone.
    FinallyAfterSuccess,
    /// S24: what is undone is undone in the order of its outcomes.
    UndoneInOrder,
    /// S26: results in the order in which items end.
    OrderOfEnds,
    /// S26: `skip` keeps the place of what failed.
    SkipKeepsPlaces,
    /// S26: items begin one by one.
    OneByOne,
    /// S27: the bound is one too many.
    IterationTooMany,
    /// S28: the first branch to fail fails the race.
    FirstFailureLoses,
    /// S31: what a body returned counts though it failed.
    FailedBodyReturns,
    /// S33: an event is for the wait that was registered last.
    LastWaiter,
    /// S34: anybody's answer counts.
    AnybodyAnswers,
    /// S12: every union that has a text is one.
    FormedOfText,
    /// S35: a call fails where the other run failed.
    FailsWithin,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::MergeEarly,
        Self::AllIsAny,
        Self::DisabledIsSkipped,
        Self::LastCase,
        Self::DivisionTowardsZero,
        Self::AttemptTooMany,
        Self::CapCutsTheirDelay,
        Self::ContinueFails,
        Self::FinallyAfterSuccess,
        Self::UndoneInOrder,
        Self::OrderOfEnds,
        Self::SkipKeepsPlaces,
        Self::OneByOne,
        Self::IterationTooMany,
        Self::FirstFailureLoses,
        Self::FailedBodyReturns,
        Self::LastWaiter,
        Self::AnybodyAnswers,
        Self::FormedOfText,
        Self::FailsWithin,
    ];
}

thread_local! {
    static PLANTED: std::cell::Cell<Option<Plant>> = const { std::cell::Cell::new(None) };
}

/// Whether this one is planted now.
pub(super) fn planted(plant: Plant) -> bool {
    PLANTED.get() == Some(plant)
}

/// Does something with a planted defect.
pub fn with<T>(plant: Plant, act: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(plant));
    let done = act();
    PLANTED.set(None);
    done
}
