//! How large a document may be.

/// Bytes of a document: 16 MiB.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Nodes of a document.
pub const MAX_NODES: usize = 10_000;

/// Edges of a document.
pub const MAX_EDGES: usize = 50_000;

/// Workflows that a graph calls, directly or through others.
pub const MAX_CALLEES: usize = 256;

/// Scopes within scopes.
pub const MAX_NESTING: usize = 32;
