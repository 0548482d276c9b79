//! `flowcrate token`: keys of the API, for cargo. They are made in the server's data folder,
//! whether it runs or not: whoever may write there may publish.

use std::future::Future;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Outcome, output};
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::error::Error;
use crate::registry;
use crate::store::{Scope, Store, Token};

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The server's folder for its databases [default: .flowcrate]
    #[arg(long, value_name = "DIR", env = "FLOWCRATE_DATA", global = true)]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token, and show it this once
    Create {
        /// What it is for
        #[arg(long, value_enum)]
        scope: Scope,
        /// Who holds it; owners of crates are called so
        #[arg(long, default_value = "publisher")]
        name: String,
    },
    /// List the tokens, without what they are
    List,
    /// Revoke a token
    Revoke {
        /// Its id, `tk_…`
        id: String,
    },
}

/// Makes, lists or revokes tokens.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let flags = Flags { data: args.data.clone(), ..Flags::default() };
    let folder = Config::load(flags)?.data;
    let file = folder.join("server.db");
    if !file.exists() {
        let folder = folder.display();
        return Err(Error::Config(format!("{folder} is no server's data: start the server first")));
    }
    block_on(async {
        let store = Store::open(&file).await?;
        let done = match &args.command {
            Command::Create { scope, name } => create(&store, (name, *scope), args.json).await,
            Command::List => list(&store, args.json).await,
            Command::Revoke { id } => revoke(&store, id).await,
        };
        store.close().await;
        done
    })
}

fn block_on(work: impl Future<Output = Result<Outcome, Error>>) -> Result<Outcome, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::io("cannot start a thread", source))?;
    runtime.block_on(work)
}

async fn create(store: &Store, holder: (&str, Scope), json: bool) -> Result<Outcome, Error> {
    let (name, scope) = holder;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c)) {
        let message = format!("--name {name:?}: expected letters, digits, -, _, . and @");
        return Err(Error::Config(message));
    }
    let (id, token) = registry::create_token(store, holder, Clock::system().now().0).await?;
    if json {
        let scope = scope.as_str();
        output::say_json(&json!({ "id": id, "name": name, "scope": scope, "token": token }));
    } else {
        output::say(&token);
        output::note(&format!("this is {id}, shown this once; it may {}", scope.as_str()));
    }
    Ok(Outcome::Fine)
}

async fn list(store: &Store, json: bool) -> Result<Outcome, Error> {
    let tokens = store.tokens().await?;
    if json {
        let tokens: Vec<Value> = tokens.iter().map(describe).collect();
        output::say_json(&tokens);
    } else {
        for Token { id, name, scope, .. } in &tokens {
            output::say(&format!("{id} {} {name}", scope.as_str()));
        }
    }
    Ok(Outcome::Fine)
}

fn describe(token: &Token) -> Value {
    let created_at = flowcrate::Timestamp(token.created_at);
    let scope = token.scope.as_str();
    json!({ "id": token.id, "name": token.name, "scope": scope, "created_at": created_at })
}

async fn revoke(store: &Store, id: &str) -> Result<Outcome, Error> {
    if store.revoke_token(id, Clock::system().now().0).await? {
        output::say(&format!("{id} revoked"));
        return Ok(Outcome::Fine);
    }
    output::complain(&format!("there is no token {id:?}"));
    Ok(Outcome::Failed)
}
