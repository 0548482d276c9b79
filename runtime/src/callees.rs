//! The workflows that a workflow calls: registered with it, so that nobody forgets one.

use std::sync::Arc;

use crate::workflow::{ErasedWorkflow, Workflow};

/// The workflows that a workflow calls or starts.
///
/// ```
/// use flowcrate::{Callees, Context, Result, workflow};
///
/// #[workflow]
/// async fn ship(ctx: Context, order: String) -> Result<String> {
///     Ok(format!("parcel of {order}"))
/// }
///
/// let callees = Callees::new().workflow(Ship);
/// assert!(!callees.is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Callees(Vec<Arc<dyn ErasedWorkflow>>);

impl Callees {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another one.
    #[must_use]
    pub fn workflow(mut self, workflow: impl Workflow + Send + Sync) -> Self {
        self.0.push(Arc::new(workflow));
        self
    }

    /// Whether there is none among them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The workflows with their types erased.
    pub(crate) fn into_all(self) -> Vec<Arc<dyn ErasedWorkflow>> {
        self.0
    }
}
