//! How a project takes a crate of this registry.

use serde::Serialize;
use utoipa::ToSchema;

use super::Registry;

/// What a user of a version pastes, one way or another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Adding {
    /// The command, once cargo's configuration knows the registry as `flows`.
    pub command: String,
    /// What stands in `.cargo/config.toml` for that.
    pub config: String,
    /// The command that keeps a token, once; null where the registry wants none of readers.
    pub login: Option<String>,
    /// The line of a manifest that needs no configuration, but for the token of a private registry.
    pub dependency: String,
    /// The command that takes it from git.
    pub git: String,
}

impl Adding {
    /// For a version of a crate. Of an emitted one it takes the library alone: the command line
    /// and its journal stay away.
    pub fn of(registry: &Registry, (name, version): (&str, &str), emitted: bool) -> Self {
        let (base, index) = (registry.address.base(), registry.address.index());
        let (alone, in_table) = if emitted {
            (" --no-default-features", ", default-features = false")
        } else {
            ("", "")
        };
        let provider =
            if registry.private { "credential-provider = \"cargo:token\"\n" } else { "" };
        Self {
            command: format!("cargo add {name} --registry flows{alone}"),
            config: format!("[registries.flows]\nindex = \"{index}\"\n{provider}"),
            login: registry.private.then(|| "cargo login --registry flows".to_owned()),
            dependency: format!(
                "{name} = {{ version = \"{version}\", registry-index = \"{index}\"{in_table} }}"
            ),
            git: format!("cargo add {name} --git {base}/git/{name}.git --tag v{version}{alone}"),
        }
    }
}
