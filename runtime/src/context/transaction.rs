//! Transactions in the store's own database.

use std::borrow::Cow;

use super::Context;
use crate::backend::{Command, Labour, TRANSACTION};
use crate::engine::{Claim, InTransaction, Name, Operation};
use crate::journaled::Journaled;
use crate::policy::Policy;
use crate::store::Work;

impl Context {
    /// A step that works in the application's own tables, which live in the journal's database: its
    /// rows and its outcome are one commit. So its effects happen exactly once, whatever crashes,
    /// where a [`step`](Self::step) promises at least once.
    ///
    /// The work is for one kind of store, and gets a transaction of that store's driver:
    /// `sqlite::work`, `postgres::work`, [`MemoryStore::work`](crate::store::MemoryStore::work).
    /// Over another store it fails with the code `wrong_store`. An error or a panic takes back all
    /// that it did; the attempt has failed, and follows the [policy](InTransaction::policy).
    ///
    /// A run does one transaction at a time, and sees nothing else until it is over: what takes
    /// long, or reaches out of the database, is better a step.
    pub fn transaction<T: Journaled>(
        &self,
        id: impl Into<Cow<'static, str>>,
        work: Work<T>,
    ) -> InTransaction<T> {
        let id = id.into();
        let name = Name::Id(&id, None);
        let claim = Claim { name, kind: TRANSACTION, input: None, hash: None };
        let labour = Labour::Work(work.erased, None);
        let command = |_: &_| Command::Step(Policy::default(), labour);
        InTransaction::new(Operation::claim(self.core(), self.scope(), claim, command))
    }
}
