//! A PostgreSQL of a test's own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio_postgres::{NoTls, SimpleQueryMessage};
use uuid::Uuid;

/// Where the programs lie that are not on the path.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Whom root lets them run as: they refuse to be root.
const USER: &str = "postgres";

/// What the server is told besides where it lies.
const SETTINGS: &str = "-c listen_addresses='' -c max_connections=300 -c shared_buffers=64MB \
                        -c max_wal_size=512MB -c autovacuum_naptime=5s";

/// Starts the server, says so, and stops it when whoever reads that is gone, however it ended.
const KEEPER: &str = r#"
    "$1/initdb" -D data -U postgres -E UTF8 --locale=C -A trust --no-sync >log 2>&1 &&
    "$1/pg_ctl" -D data -w -t 60 -l log -o "$2" start >/dev/null 2>&1 || { cat log; exit 1; }
    echo ready
    cat >/dev/null
    "$1/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
    cd / && rm -rf "$3"
"#;

/// A PostgreSQL server that only this process can reach, on a socket in a temporary directory.
///
/// It is stopped and its files are removed when this is dropped, or when the process ends, however
/// it ends. `initdb` and `pg_ctl` have to be on the path or where Debian puts them; where they are
/// not, or do not work, this panics and says what is missing. Nothing is skipped.
///
/// Unless it is [durable](Self::durable) the server does not sync its disk: that outlives a kill
/// of the server, as the system's memory does, and is much faster; it says nothing about a loss of
/// power.
///
/// ```
/// use flowcrate::postgres::PostgresStore;
/// use flowcrate::testkit::Cluster;
///
/// # #[tokio::main]
/// # async fn main() {
/// let cluster = Cluster::start();
/// let store = PostgresStore::open(cluster.address()).await.unwrap();
/// # drop(store);
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    place: PathBuf,
    programs: PathBuf,
    keeper: Mutex<Child>,
    /// The keeper stops the server when this is closed.
    hold: Option<ChildStdin>,
}

impl Cluster {
    /// Starts a server that does not sync its disk.
    pub fn start() -> Self {
        Self::with("-c fsync=off -c full_page_writes=off")
    }

    /// Starts a server that syncs its disk at each commit, as in earnest.
    pub fn durable() -> Self {
        Self::with("-c fsync=on")
    }

    /// The server that all tests of this process share, each in a [schema](Self::schema) of its
    /// own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn with(settings: &str) -> Self {
        let programs = programs();
        let place = std::env::temp_dir().join(format!("flowcrate-pg-{}", Uuid::new_v4().simple()));
        fs::create_dir(&place).expect("a directory for the server");
        let socket = place.display();
        let settings = format!("{SETTINGS} {settings} -c unix_socket_directories='{socket}'");
        let mut keeper = as_its_user(Command::new("sh"), &place)
            .args(["-c", KEEPER, "keeper"])
            .args([programs.as_os_str(), settings.as_ref(), place.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn()
            .expect("a shell that starts the server");
        let hold = keeper.stdin.take();
        let mut said = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            said = lines.next().unwrap_or_default();
            if said != "ready" {
                said.extend(lines.map(|line| format!("\n{line}")));
            }
        }
        let programs_at = programs.display();
        assert_eq!(said, "ready", "PostgreSQL does not start with the programs in {programs_at}");
        Self { place, programs, keeper: Mutex::new(keeper), hold }
    }

    /// Where it is, for [`PostgresStore::open`](crate::postgres::PostgresStore::open).
    pub fn address(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.place.display())
    }

    /// The name of a schema that nobody uses yet.
    pub fn schema() -> String {
        format!("s_{}", Uuid::new_v4().simple())
    }

    /// Says something to the server, and gives the rows of the answer, as texts.
    pub fn sql(&self, text: &str) -> Vec<Vec<Option<String>>> {
        let answer = std::thread::scope(|scope| {
            // Whoever asks may be within a runtime.
            let asked = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(self.ask(text))
            });
            asked.join().expect("the server is asked")
        });
        answer.unwrap_or_else(|error| panic!("{text}: {error:?}"))
    }

    async fn ask(&self, text: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.address(), NoTls).await?;
        let served = tokio::spawn(connection);
        let mut rows = Vec::new();
        for message in client.simple_query(text).await? {
            if let SimpleQueryMessage::Row(row) = message {
                rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
            }
        }
        drop(client);
        // The connection ends with its client.
        drop(served.await);
        Ok(rows)
    }

    /// Empties a journal.
    pub fn empty(&self, schema: &str) {
        let tables = [
            "definition",
            "worker",
            "run",
            "taken_away",
            "start_key",
            "tag",
            "entry",
            "event",
            "progress",
            "purged",
            "schedule",
        ];
        let tables = tables.map(|table| format!("\"{schema}\".{table}")).join(", ");
        self.sql(&format!("TRUNCATE {tables}"));
    }

    /// Ends the server at once, as a crash would, and starts it again.
    pub fn crash(&self) {
        self.stop();
        self.go_on();
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&self) {
        self.control(&["-m", "immediate", "-w", "stop"]);
    }

    /// Starts a server that was stopped.
    pub fn go_on(&self) {
        // The options are those of before.
        let options = fs::read_to_string(self.place.join("data/postmaster.opts"));
        let options = options.expect("the server's options");
        let options = options.split_once(' ').map_or("", |(_, options)| options.trim());
        self.control(&["-w", "-t", "60", "-l", "log", "-o", &options.replace('"', "'"), "start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let ended = as_its_user(Command::new(self.programs.join("pg_ctl")), &self.place)
            .args(["-D", "data", "-s"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(ended.is_ok_and(|ended| ended.success()), "pg_ctl {arguments:?} failed");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.hold.take());
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that does not stop is none of the test's.
        drop(keeper.wait());
    }
}

/// Where `initdb` and `pg_ctl` lie.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    let mut versions: Vec<PathBuf> = fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    // The latest one.
    versions.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
    let has_all = |bin: &PathBuf| bin.join("initdb").exists() && bin.join("pg_ctl").exists();
    on_path.chain(versions).find(has_all).unwrap_or_else(|| {
        panic!(
            "PostgreSQL's `initdb` and `pg_ctl` are neither on the path nor in {VERSIONS}: these \
             tests need them (Debian: package `postgresql`)"
        )
    })
}

fn version(bin: &Path) -> u32 {
    let name = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// A command in the server's directory, as somebody whom the programs do not refuse.
fn as_its_user(mut command: Command, place: &Path) -> Command {
    command.current_dir(place);
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| {
        use std::os::unix::fs::MetadataExt as _;
        process.uid() == 0
    });
    if is_root {
        let (user, group) = account().unwrap_or_else(|| {
            panic!("PostgreSQL refuses to run as root, and there is no user `{USER}`")
        });
        chown(place, Some(user), Some(group)).expect("the server's directory changes hands");
        command.uid(user).gid(group);
    }
    command
}

/// The numbers of the user and its group.
fn account() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(USER)).then_some(fields)
    })?;
    let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user, group))
}
