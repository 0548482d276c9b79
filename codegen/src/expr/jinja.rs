//! The only module that touches the parser of `minijinja` and its syntax tree.
