//! The run's row, its workers, and what each may do next.

use stateright::{Model, Property};

/// Events that the run waits for, one after the other.
const EVENTS: u8 = 2;
/// Processes that ever open the store.
const WORKERS: u8 = 3;
/// Commits of which the result is not known.
const UNKNOWN: u8 = 1;

/// What the protocol demands of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A write is of the run's epoch.
    Epoch,
    /// A claim raises the epoch.
    ClaimRaises,
    /// A suspension is refused if there is mail that its owner has not seen.
    CompareAndSet,
    /// An event makes the run ready.
    MailWakes,
    /// A second delivery of an event id is dropped.
    EventId,
    /// An event is consumed in the write of the outcome that it became.
    ConsumedWithOutcome,
    /// A run whose commit is unknown is released before it is driven again.
    Release,
    /// A claim takes what a dead worker owned.
    TakeOver,
}

impl Guard {
    pub(crate) const ALL: [Self; 8] = [
        Self::Epoch,
        Self::ClaimRaises,
        Self::CompareAndSet,
        Self::MailWakes,
        Self::EventId,
        Self::ConsumedWithOutcome,
        Self::Release,
        Self::TakeOver,
    ];
}

pub(crate) struct Protocol {
    left_out: Option<Guard>,
}

impl Protocol {
    pub(crate) fn whole() -> Self {
        Self { left_out: None }
    }

    pub(crate) fn without(guard: Guard) -> Self {
        Self { left_out: Some(guard) }
    }

    fn has(&self, guard: Guard) -> bool {
        self.left_out != Some(guard)
    }
}

/// What the store holds of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    driver: u8,
    owner: Option<u8>,
    epoch: u8,
    ready: bool,
    inbox_seq: u8,
    inbox: Vec<u8>,
    /// Events that became outcomes, in order.
    journal: Vec<u8>,
    ended: bool,
}

/// What a worker holds of the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resident {
    epoch: u8,
    seen: u8,
    inbox: Vec<u8>,
    journal: Vec<u8>,
    writing: Option<Write>,
    /// The result of a commit is unknown: it is to be released.
    evicted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    /// An outcome: this event.
    Outcome(u8),
    /// It only waits: leave memory.
    Suspend,
    /// Hand it back.
    Release,
    End,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    row: Row,
    /// By worker, from 1: those that hold the run.
    residents: Vec<Option<Resident>>,
    opened: u8,
    sent: u8,
    repeated: u8,
    unknown: u8,
    /// Acknowledged events.
    accepted: Vec<u8>,
    /// Whether a write of an older epoch changed the row.
    fenced_wrote: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// A new process drives the store; the one before dies, or does not know yet.
    Open {
        zombie: bool,
    },
    Send,
    SendAgain,
    Claim(u8),
    /// A claim names the worker's own run: it has mail, which is no longer news.
    Name(u8),
    /// A resident run reads its mail: named by a claim, or nudged by the sender's process.
    Read(u8),
    Draft(u8),
    Commit(u8),
    /// The commit's result is not known; whether it was made.
    CommitUnknown(u8, bool),
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            row: Row { ready: true, ..Row::default() },
            residents: vec![None; usize::from(WORKERS) + 1],
            opened: 0,
            sent: 0,
            repeated: 0,
            unknown: 0,
            accepted: Vec::new(),
            fenced_wrote: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.opened < WORKERS {
            actions.extend([Action::Open { zombie: false }, Action::Open { zombie: true }]);
        }
        if world.sent < EVENTS {
            actions.push(Action::Send);
        }
        if world.repeated < world.sent && world.repeated == 0 && !world.row.ended {
            actions.push(Action::SendAgain);
        }
        for worker in 1..=world.opened {
            match world.resident(worker) {
                None if self.may_claim(&world.row, worker) => actions.push(Action::Claim(worker)),
                None => {}
                Some(resident) => {
                    if world.row.driver == worker
                        && world.row.owner == Some(worker)
                        && world.row.ready
                    {
                        actions.push(Action::Name(worker));
                    }
                    self.resident_actions(world, worker, resident, actions);
                }
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Open { zombie } => next.open(zombie),
            Action::Send => {
                next.sent += 1;
                let event = next.sent;
                self.deliver(&mut next, event, false);
            }
            Action::SendAgain => {
                next.repeated += 1;
                let event = next.repeated;
                self.deliver(&mut next, event, true);
            }
            Action::Claim(worker) => self.claim(&mut next, worker),
            Action::Read(worker) => {
                let (seen, inbox) = (next.row.inbox_seq, next.row.inbox.clone());
                let resident = next.residents.get_mut(usize::from(worker))?.as_mut()?;
                resident.seen = seen;
                resident.inbox = inbox;
            }
            Action::Name(_) => next.row.ready = false,
            Action::Draft(worker) => {
                let resident = next.residents.get_mut(usize::from(worker))?.as_mut()?;
                resident.writing = Some(resident.draft());
            }
            Action::Commit(worker) => self.commit(&mut next, worker, true, false)?,
            Action::CommitUnknown(worker, made) => {
                next.unknown += 1;
                self.commit(&mut next, worker, made, true)?;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no write after a takeover", |_, world: &World| !world.fenced_wrote),
            Property::always("an event is consumed once", |_, world: &World| {
                let mut got = world.row.journal.clone();
                got.sort_unstable();
                got.dedup();
                got.len() == world.row.journal.len()
            }),
            Property::always("no acknowledged event is lost", |_, world: &World| {
                let kept = |event: &u8| {
                    world.row.inbox.contains(event) || world.row.journal.contains(event)
                };
                world.accepted.iter().all(kept)
            }),
            Property::always("events are consumed in order", |_, world: &World| {
                world.row.journal.is_sorted()
            }),
            Property::always("no lost wake-up", |_, world: &World| {
                let row = &world.row;
                row.owner.is_some() || row.ready || row.ended || row.inbox.is_empty()
            }),
            Property::eventually("the run ends", |_, world: &World| world.row.ended),
            Property::sometimes("the run can end", |_, world: &World| world.row.ended),
        ]
    }
}

impl Protocol {
    fn may_claim(&self, row: &Row, worker: u8) -> bool {
        let free = row.owner.is_none() && row.ready;
        let dead = self.has(Guard::TakeOver) && row.owner.is_some_and(|owner| owner != row.driver);
        row.driver == worker && !row.ended && (free || dead)
    }

    /// What may happen to a run that a worker holds.
    fn resident_actions(
        &self,
        world: &World,
        worker: u8,
        resident: &Resident,
        actions: &mut Vec<Action>,
    ) {
        if resident.writing.is_some() {
            actions.push(Action::Commit(worker));
            if world.unknown < UNKNOWN {
                actions.push(Action::CommitUnknown(worker, true));
                actions.push(Action::CommitUnknown(worker, false));
            }
            return;
        }
        if world.row.inbox_seq > resident.seen {
            actions.push(Action::Read(worker));
        }
        let releases = !resident.evicted || self.has(Guard::Release);
        if releases {
            actions.push(Action::Draft(worker));
        }
    }

    fn deliver(&self, world: &mut World, event: u8, again: bool) {
        if world.row.ended || (again && self.has(Guard::EventId)) {
            return;
        }
        world.row.inbox.push(event);
        world.row.inbox_seq += 1;
        if !again {
            world.accepted.push(event);
        }
        if self.has(Guard::MailWakes) {
            world.row.ready = true;
        }
    }

    fn claim(&self, world: &mut World, worker: u8) {
        let row = &mut world.row;
        row.owner = Some(worker);
        row.ready = false;
        if self.has(Guard::ClaimRaises) {
            row.epoch += 1;
        }
        let resident = Resident {
            epoch: row.epoch,
            seen: row.inbox_seq,
            inbox: row.inbox.clone(),
            journal: row.journal.clone(),
            writing: None,
            evicted: false,
        };
        if let Some(place) = world.residents.get_mut(usize::from(worker)) {
            *place = Some(resident);
        }
    }

    /// A write reaches the store, or is lost on the way.
    fn commit(&self, world: &mut World, worker: u8, made: bool, unknown: bool) -> Option<()> {
        let place = world.residents.get_mut(usize::from(worker))?;
        let mut resident = place.take()?;
        let write = resident.writing.take()?;
        let row = &mut world.row;
        // Nobody may write to a run that nobody owns: its last write was its suspension.
        let stale = self.has(Guard::Epoch) && row.epoch != resident.epoch;
        let fenced = row.ended || row.owner.is_none() || stale;
        let mail = write == Write::Suspend && row.inbox_seq != resident.seen;
        let refused = mail && self.has(Guard::CompareAndSet);
        if made && !fenced && !refused {
            world.fenced_wrote |= row.owner != Some(worker) || row.epoch != resident.epoch;
            self.apply(row, &write);
        }
        if unknown {
            resident.evicted = true;
            *place = Some(resident);
        } else if let Write::Outcome(event) = write
            && !fenced
        {
            resident.inbox.retain(|left| *left != event);
            resident.journal.push(event);
            *place = Some(resident);
        } else if refused && !fenced {
            *place = Some(resident);
        }
        Some(())
    }

    fn apply(&self, row: &mut Row, write: &Write) {
        match write {
            Write::Outcome(event) => {
                row.journal.push(*event);
                if self.has(Guard::ConsumedWithOutcome) {
                    let at = row.inbox.iter().position(|left| left == event);
                    at.map(|at| row.inbox.remove(at));
                }
            }
            Write::Suspend => row.owner = None,
            Write::Release => {
                row.owner = None;
                row.ready = true;
            }
            Write::End => {
                row.owner = None;
                row.ended = true;
            }
        }
    }
}

impl World {
    fn resident(&self, worker: u8) -> Option<&Resident> {
        self.residents.get(usize::from(worker))?.as_ref()
    }

    fn open(&mut self, zombie: bool) {
        if !zombie {
            self.residents.fill(None);
        }
        self.opened += 1;
        self.row.driver = self.opened;
    }
}

impl Resident {
    /// What it writes next: its function takes one event after the other.
    fn draft(&self) -> Write {
        if self.evicted {
            return Write::Release;
        }
        if self.journal.len() == usize::from(EVENTS) {
            return Write::End;
        }
        self.inbox.first().map_or(Write::Suspend, |event| Write::Outcome(*event))
    }
}
