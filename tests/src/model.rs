//! An independent model of the language, written rule by rule from its page.
//!
//! It reads a graph document and plays it in a scripted [`World`](flowcrate_scripted::World): step
//! answers, events and time. It knows nothing of the checker's guards, of the lowered program or of
//! the engine; of the compiler it uses only the parser of expressions, whose trees it evaluates
//! itself. Rules are cited by their numbers.
//!
//! The model is a simulation of instants. Whatever follows from one outcome without time passing
//! happens at one instant, in no order: it is played in several, which mostly lead to the same. Where
//! they do not, the order is that of the lowered program (S41), which the model is [told](play_by);
//! what is open even then (two timers that end in the same millisecond) it says by a
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

pub use play::{Event, Played, Script, play, play_by};
