//! The workflows that an engine can drive.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::store::{Adopts, Declare, Limit, RunRow, Store};
use crate::workflow::{Definition, ErasedWorkflow, changed};

/// Workflows by name and revision.
#[derive(Default)]
pub(super) struct Registry(RwLock<Workflows>);

type Workflows = BTreeMap<(Arc<str>, Arc<str>), Arc<dyn ErasedWorkflow>>;

fn key(workflow: &dyn ErasedWorkflow) -> (Arc<str>, Arc<str>) {
    let Definition { name, revision, .. } = workflow.definition();
    (name.into(), revision.into())
}

impl Registry {
    /// Adds a workflow and those that it calls; of these one that is there already stays.
    pub(super) fn add(&self, workflow: Arc<dyn ErasedWorkflow>) {
        let mut workflows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut found = workflow.callees().into_all();
        workflows.insert(key(workflow.as_ref()), workflow);
        // Two may call each other: what is there is not looked into again.
        while let Some(callee) = found.pop() {
            if let Entry::Vacant(place) = workflows.entry(key(callee.as_ref())) {
                found.extend(callee.callees().into_all());
                place.insert(callee);
            }
        }
    }

    /// Refuses a workflow that needs more than a store offers.
    pub(super) fn check(&self, store: &dyn Store) -> Result<()> {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        workflows.iter().try_for_each(|((name, _), workflow)| {
            super::check_profile(store, &format!("workflow `{name}`"), workflow.needs())
        })
    }

    pub(super) fn get(&self, name: &str, revision: &str) -> Result<Arc<dyn ErasedWorkflow>> {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        workflows.get(&(name.into(), revision.into())).cloned().ok_or_else(|| {
            Error::NotRegistered { workflow: name.to_owned(), revision: revision.to_owned() }
        })
    }

    /// Whether runs of a workflow in a revision are driven here, or adopted.
    pub(super) fn serves(&self, name: &str, revision: &str) -> bool {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        workflows.contains_key(&(name.into(), revision.into()))
            || workflows
                .values()
                .map(|workflow| workflow.definition())
                .any(|newer| newer.name == name && newer.adopts.iter().any(|old| old == revision))
    }

    /// What there is to say of a run that was started with another function than the one that is
    /// here in its revision.
    pub(super) fn changed(&self, row: &RunRow) -> Option<String> {
        changed(row, self.get(&row.workflow, &row.revision).ok()?.fingerprint())
    }

    /// A workflow that adopts runs of a revision.
    pub(super) fn adopter(&self, name: &str, revision: &str) -> Option<Arc<dyn ErasedWorkflow>> {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut newer = workflows.values().filter(|workflow| {
            let definition = workflow.definition();
            definition.name == name && definition.adopts.iter().any(|old| old == revision)
        });
        newer.next_back().cloned()
    }

    /// The revisions whose runs are adopted here, where they are not driven themselves.
    pub(super) fn adopts(&self) -> Vec<Adopts> {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut adopts: BTreeMap<(Arc<str>, Arc<str>), Arc<str>> = BTreeMap::new();
        for ((name, to), workflow) in &*workflows {
            for from in workflow.definition().adopts {
                let old = (name.clone(), from.into());
                if !workflows.contains_key(&old) {
                    adopts.insert(old, to.clone());
                }
            }
        }
        let adopts = adopts.into_iter();
        adopts.map(|((workflow, from), to)| Adopts { workflow, from, to }).collect()
    }

    /// The names of all workflows.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        workflows.keys().map(|(name, _)| name.to_string()).collect()
    }

    /// Under which limit each workflow is: as its revision says that was named last.
    pub(super) fn limits(&self) -> Declare {
        let workflows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let all = workflows.iter().map(|((name, _), workflow)| (name.clone(), workflow.limit()));
        let all: BTreeMap<Arc<str>, Option<Limit>> = all.collect();
        Declare { workflows: all.into_iter().collect() }
    }

    pub(super) fn definitions(&self) -> Vec<(Arc<str>, Arc<str>)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}
