//! The last stage: emitted Rust becomes the files of a crate.

mod example;
mod kept;
mod manifest;
mod mermaid;
mod module;
mod names;
mod readme;
mod sources;
mod stable;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::{Type, meets};
use serde_json::Value;

use crate::api;
use crate::check::{Body, Checked};
use crate::emit::{Emitted, EmittedCallee};
use crate::known::Callees;
use crate::schema::example_of;
pub use kept::{is_custom, misfits};
pub use module::module;
pub use versions::OUTSIDE;

/// Where the binary finds the workflow, whatever it is called.
const BINARY: &str = "src/generated/binary.rs";

/// Packages that code needs, each with its features.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Where the emitted manifest finds our own crates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Support {
    /// In `vendor/` inside the crate; whoever writes the files adds them.
    #[default]
    Vendored,
    /// In folders of this machine, by package name; for tests and for work on flowcrate itself.
    Path(BTreeMap<String, String>),
    /// In the registry that the crate is published to.
    Registry(Published),
}

/// How a published crate names itself and finds ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The version that is published.
    pub version: String,
    /// Address of the registry's index, `sparse+http://…/index/`: a name would mean something to
    /// those alone who configured it.
    pub index: String,
    /// The version of our own crates there.
    pub support: String,
    /// The licence that it names, as SPDX writes it, if its publisher said one.
    pub license: Option<String>,
}

/// The files of an emitted crate by path, `/` between parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateFiles {
    /// Path to contents, sorted.
    pub files: BTreeMap<String, CrateFile>,
}

/// One file of an emitted crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrateFile {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether regeneration replaces it.
    pub owner: Owner,
}

/// Who owns a file once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The compiler: replaced by each export.
    Compiler,
    /// The person: written where it is absent, never replaced.
    Person,
}

/// Turns emitted Rust into the files of a crate. `source` is the graph document as it was read;
/// `callees` has those of the workflows that it calls.
pub fn package(
    checked: &Checked,
    emitted: Emitted,
    (source, callees): (&[u8], &Callees),
    support: &Support,
) -> Result<CrateFiles, minijinja::Error> {
    let name = names::crate_name(&checked.name);
    let library = name.replace('-', "_");
    let input = example_input(checked);
    let manifest = manifest::manifest(&manifest::Manifest {
        name: &name,
        description: &checked.description,
        dependencies: &emitted.dependencies,
        standalone: &standalone(checked),
        support,
    });
    let mut files = CrateFiles::default();
    files.ours("Cargo.toml", manifest);
    files.ours(".gitignore", "/target/\n/.flowcrate/\n".to_owned());
    let public = Public::of(support, &emitted);
    files.ours("src/lib.rs", sources::lib(checked, &emitted, public.as_ref()));
    files.ours("src/generated/triggers.rs", sources::triggers(checked));
    files.ours(BINARY, sources::binary(&emitted, &library));
    files.theirs("src/main.rs", sources::main());
    if starts(checked, &input) {
        files.ours("tests/workflow.rs", sources::tests(&emitted, &library));
        let rehearsal = example::rehearsal(checked, &input);
        files.ours("tests/rehearsal.json", format!("{rehearsal:#}\n"));
    }
    let structure = emitted.structure;
    files.ours("src/generated/workflow.rs", emitted.workflow);
    if let Some(steps) = emitted.steps {
        files.ours("src/generated/steps.rs", steps);
    }
    if let Some(types) = emitted.types {
        files.types(types, public.as_ref());
    }
    if let Some(custom) = emitted.custom {
        files.theirs("src/custom.rs", custom);
    }
    if !matches!(checked.input, Type::Null) {
        files.ours("input.json", format!("{input:#}\n"));
    }
    files.add("graph.json", source.to_vec(), Owner::Compiler);
    for (name, callee) in emitted.callees {
        files.callee(callee);
        let document = callees.get(&name).unwrap_or_default().to_vec();
        files.add(&format!("workflows/{name}.json"), document, Owner::Compiler);
    }
    let readme = readme::readme(&readme::Readme {
        checked,
        package: &name,
        library: &library,
        structure: &structure,
        input: &input,
        files: &files,
        support,
    })?;
    files.ours("README.md", readme);
    Ok(files)
}

impl CrateFiles {
    /// The sources of a workflow that is called.
    fn callee(&mut self, callee: EmittedCallee) {
        let EmittedCallee { module, workflow, steps, custom, .. } = callee;
        self.ours(&format!("src/generated/{module}/workflow.rs"), workflow);
        if let Some(steps) = steps {
            self.ours(&format!("src/generated/{module}/steps.rs"), steps);
        }
        if let Some(custom) = custom {
            self.theirs(&format!("src/custom_{module}.rs"), custom);
        }
    }

    /// The types, as others may use them where the crate is published.
    fn types(&mut self, types: String, public: Option<&Public>) {
        let Some(public) = public else { return self.ours("src/generated/types.rs", types) };
        let (types, new) = stable::stable(&types, &public.named, &public.given);
        self.ours("src/generated/types.rs", types);
        if let Some(new) = new {
            self.ours("src/generated/new.rs", new);
        }
    }

    fn ours(&mut self, path: &str, text: String) {
        self.add(path, text.into_bytes(), Owner::Compiler);
    }

    fn theirs(&mut self, path: &str, text: String) {
        self.add(path, text.into_bytes(), Owner::Person);
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>, owner: Owner) {
        self.files.insert(path.to_owned(), CrateFile { bytes, owner });
    }
}

/// Of a published crate, the types that others may name: those of its signatures, so that a step's
/// own types can change as its graph does. What a person writes may need them all.
struct Public {
    named: BTreeSet<String>,
    /// Those among them that others give, and so construct.
    given: BTreeSet<String>,
}

impl Public {
    fn of(support: &Support, emitted: &Emitted) -> Option<Self> {
        let Support::Registry(_) = support else { return None };
        let types = emitted.types.as_deref().unwrap_or_default();
        let (named, given) =
            (api::reachable(&emitted.workflow, types), api::given(&emitted.workflow, types));
        Some(Self { named, given })
    }
}

/// The pinned sample, or the least input that the type accepts.
fn example_input(checked: &Checked) -> Value {
    let example = || example_of(&checked.input, checked.input_schema().as_ref());
    checked.sample_input.clone().unwrap_or_else(example)
}

/// Whether a run may start with it, and events come: where a pattern is asked for and no sample is
/// given, nobody knows such text (W323).
fn starts(checked: &Checked, input: &Value) -> bool {
    checked.input_schema().is_none_or(|schema| meets(&schema, input).is_ok())
        && example::are_taken(checked)
        && checked.all_callees().into_values().all(example::are_taken)
}

/// Features of `flowcrate` that the binary needs: `serve` only where something comes from
/// outside, `schedule` only where the clock starts runs.
fn standalone(checked: &Checked) -> BTreeSet<String> {
    let mut features = BTreeSet::from(["host".to_owned(), "sqlite".to_owned()]);
    // Of what it calls only events come from outside.
    let all = checked.all_callees();
    let waits = |checked: &&Checked| {
        checked.nodes.values().any(|node| matches!(node.body, Body::WaitEvent { .. }))
    };
    if all.into_values().any(|callee| waits(&callee)) {
        features.insert("serve".to_owned());
    }
    for node in checked.nodes.values() {
        match node.body {
            Body::Webhook { .. } | Body::WaitEvent { .. } | Body::Approval(_) => {
                features.insert("serve".to_owned());
            }
            Body::Schedule { .. } => {
                features.extend(["schedule".to_owned(), "serve".to_owned()]);
            }
            Body::Manual
            | Body::Condition { .. }
            | Body::Switch { .. }
            | Body::ForEach { .. }
            | Body::While { .. }
            | Body::Race { .. }
            | Body::Try { .. }
            | Body::Transform { .. }
            | Body::Action { .. }
            | Body::Custom { .. }
            | Body::Wait { .. }
            | Body::CallWorkflow(_)
            | Body::StartWorkflow(_)
            | Body::Respond { .. }
            | Body::Return { .. }
            | Body::Fail { .. } => {}
        }
    }
    features
}
