//! An independent model of the language, written rule by rule from its page.
//!
//! It reads a graph document and plays it in a scripted [`World`](flowcrate_scripted::World): step
//! answers, events and time. It knows nothing of the checker's guards, of the lowered program or of
//! the engine; of the compiler it uses only the parser of expressions, whose trees it evaluates
//! itself. Rules are cited by their numbers.
//!
//! The model is a simulation of instants. Whatever follows from one outcome without time passing
//! happens at one instant, in no order; where the page leaves more than one end open (two branches
//! that end in the same millisecond, two failures at once), the model says so by a
//! [doubt](play::Played::doubts) in place of guessing.

mod calls;
pub mod compare;
mod end;
mod expr;
mod graph;
mod lists;
mod names;
mod ops;
pub mod plant;
pub mod play;
mod policy;
mod scopes;
mod state;
mod stop;
mod undo;

pub use play::{Event, Played, Script, play};
