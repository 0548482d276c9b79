//! The IR: structured control flow over typed nodes, read by the emitter and the interpreter.
