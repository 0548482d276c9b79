//! Answers on their way to those who asked, for stores that commit many transactions at once.

use super::{
    Appended, Claimed, Delivered, Fired, Forked, Purged, Requested, Started, StoreError,
    Transacted, Transaction, Written,
};

/// What a transaction is answered once it is durable.
pub(crate) enum Answer {
    Done,
    Started(Started),
    Claimed(Claimed),
    Written(Written),
    Transacted(Transacted),
    Delivered(Delivered),
    Appended(Appended),
    Requested(Requested),
    Fired(Fired),
    Forked(Forked),
    Purged(Purged),
}

impl Answer {
    /// Whether a run now waits for a worker that does not know of it.
    pub(crate) fn starts_unowned(&self, transaction: &Transaction) -> bool {
        match (self, transaction) {
            (Self::Started(Started::New), Transaction::Start(run, _)) => run.owner.is_none(),
            (
                Self::Started(Started::InLine)
                | Self::Fired(Fired::Done(Some(Started::New | Started::InLine)))
                | Self::Forked(Forked::Done),
                _,
            ) => true,
            _ => false,
        }
    }
}

/// Gives a transaction its answer. Each kind has but one kind of answer; a pair that does not
/// match would drop the reply, which then says itself that it was lost.
pub(crate) fn reply(transaction: Transaction, answer: Answer) {
    match (transaction, answer) {
        (
            Transaction::Open(_, reply)
            | Transaction::Renew(_, reply)
            | Transaction::Leave(_, reply)
            | Transaction::Declare(_, reply),
            Answer::Done,
        ) => reply.send(Ok(())),
        (Transaction::Start(_, reply), Answer::Started(answer)) => reply.send(Ok(answer)),
        (Transaction::Claim(_, reply), Answer::Claimed(answer)) => reply.send(Ok(answer)),
        (Transaction::Write(_, reply), Answer::Written(answer)) => reply.send(Ok(answer)),
        (Transaction::Transact(_, reply), Answer::Transacted(answer)) => reply.send(Ok(answer)),
        (Transaction::Append(_, reply), Answer::Appended(answer)) => reply.send(Ok(answer)),
        (Transaction::Event(_, reply), Answer::Delivered(answer)) => reply.send(Ok(answer)),
        (Transaction::Fire(_, reply), Answer::Fired(answer)) => reply.send(Ok(answer)),
        (Transaction::Fork(_, reply), Answer::Forked(answer)) => reply.send(Ok(answer)),
        (Transaction::Purge(_, reply), Answer::Purged(answer)) => reply.send(Ok(answer)),
        (Transaction::Request(_, reply), Answer::Requested(answer)) => reply.send(Ok(answer)),
        (transaction, _) => drop(transaction),
    }
}

/// Answers every transaction with an error.
pub(crate) fn refuse(batch: impl IntoIterator<Item = Transaction>, error: &StoreError) {
    for transaction in batch {
        transaction.refuse(error);
    }
}
