//! Proofs of the runtime that need tools of their own; all of them are in `tests/`:
//! a model of claim, suspend and event (`lease`), the interleavings of what is synchronised by
//! hand (`interleavings`), what a step costs (`allocations`).
