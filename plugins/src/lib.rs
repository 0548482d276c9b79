//! Typed steps for real services, one feature each.
