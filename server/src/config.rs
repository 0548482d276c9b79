//! Configuration: flags, then the environment, then `flowcrate.toml`; everything has a default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use crate::error::Error;

/// Where the server listens if nobody says otherwise.
pub const LISTEN: &str = "127.0.0.1:7700";
/// Where the server keeps its data if nobody says otherwise.
pub const DATA: &str = ".flowcrate";
/// How long runs that have ended are kept if nobody says otherwise.
pub const RETENTION: Duration = Duration::from_hours(30 * 24);
/// The configuration file that is read if it is there.
const FILE: &str = "flowcrate.toml";

/// Flags of `serve`; clap fills what is absent from the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Address to listen on [default: 127.0.0.1:7700]; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "FLOWCRATE_LISTEN")]
    pub listen: Option<String>,
    /// Folder for the databases [default: .flowcrate]
    #[arg(long, value_name = "DIR", env = "FLOWCRATE_DATA")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: flowcrate.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "FLOWCRATE_CONFIG")]
    pub config: Option<PathBuf>,
    /// A further name that this server goes by, such as that of a tunnel; may be repeated
    #[arg(
        long = "allow-host",
        value_name = "NAME",
        env = "FLOWCRATE_ALLOW_HOST",
        value_delimiter = ','
    )]
    pub allow_hosts: Vec<String>,
    /// The one address that published crates name this server by [default: where it listens]
    #[arg(long, value_name = "URL", env = "FLOWCRATE_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Tell nobody of published crates without a token (`flowcrate token create --scope read`)
    #[arg(long, env = "FLOWCRATE_PRIVATE_REGISTRY")]
    pub private_registry: bool,
    /// How long runs are kept once they have ended, such as 90d, or `forever` [default: 30d]
    #[arg(long, value_name = "TIME", env = "FLOWCRATE_RETENTION")]
    pub retention: Option<String>,
}

/// The file's form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    data: Option<PathBuf>,
    #[serde(default)]
    allow_hosts: Vec<String>,
    public_url: Option<String>,
    #[serde(default)]
    private_registry: bool,
    retention: Option<String>,
}

/// What `serve` goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it keeps its data.
    pub data: PathBuf,
    /// Names that it goes by, besides those of loopback.
    pub allow_hosts: Vec<String>,
    /// The address that published crates name it by; none: where it listens.
    pub public_url: Option<String>,
    /// Whether the registry wants a token of everybody.
    pub private_registry: bool,
    /// How long runs are kept once they have ended; none: for ever.
    pub retention: Option<Duration>,
}

impl Config {
    /// Merges flags and file.
    pub fn load(flags: Flags) -> Result<Self, Error> {
        let file = match &flags.config {
            Some(path) => read(path)?,
            None if Path::new(FILE).exists() => read(Path::new(FILE))?,
            None => File::default(),
        };
        let listen = flags.listen.or(file.listen).unwrap_or_else(|| LISTEN.to_owned());
        Ok(Self {
            listen: address(&listen)?,
            data: flags.data.or(file.data).unwrap_or_else(|| PathBuf::from(DATA)),
            allow_hosts: [flags.allow_hosts, file.allow_hosts].concat(),
            public_url: flags.public_url.or(file.public_url),
            private_registry: flags.private_registry || file.private_registry,
            retention: match flags.retention.or(file.retention).as_deref() {
                None => Some(RETENTION),
                Some("forever") => None,
                Some(text) => Some(period("retention", text)?),
            },
        })
    }
}

/// A length of time, such as `30d`.
pub(crate) fn period(name: &str, text: &str) -> Result<Duration, Error> {
    match text.parse::<flowcrate::Duration>() {
        Ok(period) => Ok(period.0),
        Err(error) => {
            Err(Error::Config(format!("{name}: {text:?} is no time, such as 30d: {error}")))
        }
    }
}

fn read(path: &Path) -> Result<File, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::io(format!("cannot read {}", path.display()), source))?;
    toml::from_str(&text).map_err(|error| Error::Config(format!("{}: {error}", path.display())))
}

/// An address such as `127.0.0.1:7700`, `[::1]:0`, `localhost:80`, or just `:7700` on loopback.
fn address(text: &str) -> Result<SocketAddr, Error> {
    let full = match text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')) {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    full.parse().map_err(|_| {
        Error::Config(format!("{text:?} is no address to listen on, such as {LISTEN}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\ndata = \"there\"\n").unwrap();
        let flags =
            Flags { listen: Some(":2".to_owned()), config: Some(path.clone()), ..Flags::default() };
        let config = Config::load(flags).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:2");
        assert_eq!(config.data, PathBuf::from("there"));
        std::fs::write(&path, "lisen = 1\n").unwrap();
        let flags = Flags { config: Some(path), ..Flags::default() };
        assert!(matches!(Config::load(flags), Err(Error::Config(text)) if text.contains("lisen")));
    }

    #[test]
    fn runs_are_kept_for_a_month_unless_somebody_says_otherwise() {
        let kept = |retention: Option<&str>| {
            let flags = Flags { retention: retention.map(str::to_owned), ..Flags::default() };
            Config::load(flags).map(|config| config.retention)
        };
        assert_eq!(kept(None).unwrap(), Some(RETENTION));
        assert_eq!(kept(Some("90d")).unwrap(), Some(3 * RETENTION));
        assert_eq!(kept(Some("forever")).unwrap(), None);
        assert!(matches!(kept(Some("long")), Err(Error::Config(text)) if text.contains("long")));
    }

    #[test]
    fn an_address_may_leave_the_host_out() {
        assert_eq!(address("localhost:80").unwrap().to_string(), "127.0.0.1:80");
        assert_eq!(address("[::1]:0").unwrap().to_string(), "[::1]:0");
        assert!(address("7700").is_err());
    }
}
