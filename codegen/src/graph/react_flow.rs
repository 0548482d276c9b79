//! React Flow's JSON: the only module that knows it.
//!
//! Positions, sizes, styles, the viewport and unknown keys are not read: they mean nothing, and
//! whoever stores the document keeps them as they are.

mod json;
mod reader;

use serde_json::{Map, Value};

use super::limits::{MAX_BYTES, MAX_EDGES, MAX_NODES};
use super::{COMPENSATE_KEYS, DATA_KEYS, EdgeId, HandleId, NodeId, RawEdge, RawGraph, RawNode};
use crate::check::JoinRule;
use crate::diagnostic::{Diagnostic, Span, code};
use reader::Reader;

/// The version of the format that this compiler reads.
pub const FORMAT: u64 = 1;

/// Longer names do not fit everywhere that a crate's name must.
const MAX_NAME: usize = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a document. What cannot be read is reported and left out; no graph is given only where
/// the text is no JSON object or is over a limit.
pub fn parse(source: &[u8]) -> (Option<RawGraph>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let graph = match document(source) {
        Ok((document, twice)) => {
            diagnostics.extend(twice.iter().map(|pointer| written_twice(pointer)));
            read_graph(document, &mut diagnostics)
        }
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            None
        }
    };
    (graph, diagnostics)
}

/// An object, and the pointers of keys that stand twice in it.
type Document = (Map<String, Value>, Vec<String>);

fn document(source: &[u8]) -> Result<Document, Box<Diagnostic>> {
    if source.len() > MAX_BYTES {
        let found = source.len();
        return Err(Box::new(
            Diagnostic::new(
                code::DOCUMENT_TOO_LARGE,
                format!("the document has {found} bytes, expected at most {MAX_BYTES}"),
            )
            .help("split the workflow, and keep large data out of the graph"),
        ));
    }
    let text = source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(Box::new(
            Diagnostic::new(code::MALFORMED_JSON, "the document is empty")
                .help("give the JSON of a graph; `flowcrate new` writes one to start from"),
        ));
    }
    match json::parse(text) {
        Ok((Value::Object(document), twice)) => Ok((document, twice)),
        Ok((other, _)) => Err(Box::new(wrong_document(&other))),
        Err(error) => Err(Box::new(malformed(text, source.len() - text.len(), &error))),
    }
}

fn written_twice(pointer: &str) -> Diagnostic {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    let key = key.replace("~1", "/").replace("~0", "~");
    let message = format!("the key {} stands twice in one object", crate::diagnostic::quoted(&key));
    Diagnostic::new(code::WRITTEN_TWICE, message)
        .field(pointer)
        .help("keep the one that is meant: the other one has no meaning")
}

fn wrong_document(found: &Value) -> Diagnostic {
    let found = reader::name_of(found);
    Diagnostic::new(
        code::WRONG_SHAPE,
        format!("the document is {found}, expected an object with `nodes` and `edges`"),
    )
    .field("")
    .help("wrap it: `{\"format\": 1, \"name\": …, \"nodes\": […], \"edges\": […]}`")
}

/// What the JSON parser said, with its line and column as a place in the text.
fn malformed(text: &[u8], skipped: usize, error: &serde_json::Error) -> Diagnostic {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(before, _)| before);
    let starts = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::len);
    let line_start: usize = starts.take(line.saturating_sub(1)).sum();
    let end = (line_start + column).min(text.len());
    let start = end.saturating_sub(1).max(line_start.min(end));
    Diagnostic::new(
        code::MALFORMED_JSON,
        format!("malformed JSON at line {line}, column {column}: {said}"),
    )
    .span(Span { start: start + skipped, end: end + skipped })
    .help("mend the JSON; an export from the canvas is always well formed")
}

fn read_graph(document: Map<String, Value>, out: &mut Vec<Diagnostic>) -> Option<RawGraph> {
    let mut reader = Reader::new(document, None, String::new(), out);
    let format = reader.take("format");
    let name = reader.text("name");
    let description = reader.text("description").unwrap_or_default();
    let limit = reader.take("limit");
    let nodes = reader.required_list("nodes")?;
    let edges = reader.optional_list("edges")?;
    check_format(format, out);
    let name = check_name(name, out);
    if !within_limits(nodes.len(), edges.as_ref().map_or(0, Vec::len), out) {
        return None;
    }
    let nodes = nodes.into_iter().enumerate();
    let nodes = nodes.filter_map(|(index, node)| read_node(index, node, out)).collect();
    let edges = edges.map(|edges| {
        let edges = edges.into_iter().enumerate();
        edges.filter_map(|(index, edge)| read_edge(index, edge, out)).collect()
    });
    Some(RawGraph { name, description, limit, nodes, edges })
}

fn check_format(found: Option<Value>, out: &mut Vec<Diagnostic>) {
    let Some(found) = found else { return };
    if found.as_u64() != Some(FORMAT) {
        let found = reader::short(&found);
        let message = format!("the format is {found}, expected {FORMAT}");
        out.push(
            Diagnostic::new(code::UNKNOWN_FORMAT, message)
                .field("/format")
                .help("open the graph with the version of flowcrate that wrote it"),
        );
    }
}

fn check_name(found: Option<String>, out: &mut Vec<Diagnostic>) -> String {
    let message = match found {
        Some(name) if is_slug(&name) => return name,
        Some(name) => format!(
            "the workflow's name is {}, expected lower-case words such as `order-intake`",
            crate::diagnostic::quoted(&name)
        ),
        None => "the workflow has no name".to_owned(),
    };
    out.push(Diagnostic::new(code::BAD_NAME, message).field("/name").help(format!(
        "name it with a-z, 0-9 and single `-` between, starting with a letter, at most {MAX_NAME} characters"
    )));
    String::new()
}

/// Whether `name` is lower-case words of letters and digits with `-` between, starting with a
/// letter.
pub fn is_slug(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').all(word)
}

fn within_limits(nodes: usize, edges: usize, out: &mut Vec<Diagnostic>) -> bool {
    let before = out.len();
    for (field, found, limit) in [("nodes", nodes, MAX_NODES), ("edges", edges, MAX_EDGES)] {
        if found > limit {
            let message = format!("the graph has {found} {field}, expected at most {limit}");
            out.push(
                Diagnostic::new(code::TOO_MANY, message)
                    .field(format!("/{field}"))
                    .help("split the workflow into several"),
            );
        }
    }
    out.len() == before
}

fn read_node(index: usize, node: Value, out: &mut Vec<Diagnostic>) -> Option<RawNode> {
    let mut reader = Reader::open(node, format!("/nodes/{index}"), out)?;
    let id: NodeId = reader.required_text("id")?.into();
    reader.name(&id);
    let parent = reader.first_text(&["parentId", "parentNode"]).map(NodeId::from);
    let data = reader.object("data", true);
    // A node without data stays, so that its edges do not dangle; its kind was reported.
    let Some(data) = data else { return Some(RawNode::bare(index, id, parent)) };
    let compensate = data.get("compensate").filter(|value| !value.is_null()).cloned();
    let mut data = Reader::new(data, Some(id.to_string()), String::new(), out);
    let result = data.take("result");
    let node = RawNode {
        region: data.text("region"),
        result,
        continue_on_error: data.one_of("on_error", &["continue"]).is_some(),
        join: match data.one_of("join", &["any", "all"]) {
            Some("all") => JoinRule::All,
            Some(_) | None => JoinRule::Any,
        },
        disabled: data.flag("disabled"),
        overridden: data.flag("override"),
        undone_in_doubt: data.one_of("in_doubt", &["compensate"]).is_some(),
        ..read_step(index, &id, &mut data, &DATA_KEYS)
    };
    let compensate = compensate.and_then(|value| read_compensation(&node, value, out));
    Some(RawNode { parent, compensate, ..node })
}

/// What a node and a compensation have in common.
fn read_step(
    index: usize,
    id: &NodeId,
    data: &mut Reader<'_>,
    keys: &'static [&'static str],
) -> RawNode {
    let given = data.given(keys);
    let kind = data.required_text("kind");
    RawNode {
        label: data.text("label").unwrap_or_else(|| id.to_string()),
        description: data.text("description").unwrap_or_default(),
        config: data.object("config", false).unwrap_or_default(),
        inputs: data.object("inputs", false).unwrap_or_default(),
        policy: data.take("policy"),
        connection: data.text("connection"),
        kind: kind.unwrap_or_default(),
        unknown: data.rest(keys),
        given,
        ..RawNode::bare(index, id.clone(), None)
    }
}

/// What undoes a step, which is a step itself.
fn read_compensation(
    of: &RawNode,
    value: Value,
    out: &mut Vec<Diagnostic>,
) -> Option<Box<RawNode>> {
    let Value::Object(mut fields) = value else {
        let message = format!(
            "`compensate` of node {} is {}, expected an object",
            crate::diagnostic::quoted(&of.id),
            reader::name_of(&value)
        );
        let found = Diagnostic::new(code::WRONG_SHAPE, message).node(&*of.id).field("/compensate");
        out.push(found.help("write an object with `kind` and `inputs` there, or remove it"));
        return None;
    };
    let label = fields.get("label").is_none_or(Value::is_null);
    if label {
        fields.insert("label".to_owned(), Value::from(format!("Undo: {}", of.label)));
    }
    let mut data = Reader::new(fields, Some(of.id.to_string()), "/compensate".to_owned(), out);
    Some(Box::new(read_step(of.index, &of.id, &mut data, &COMPENSATE_KEYS)))
}

fn read_edge(index: usize, edge: Value, out: &mut Vec<Diagnostic>) -> Option<RawEdge> {
    let mut reader = Reader::open(edge, format!("/edges/{index}"), out)?;
    let id = reader.text("id").map(EdgeId::from);
    let source = reader.required_text("source");
    let target = reader.required_text("target");
    let handle = reader.text("sourceHandle").map(HandleId::from);
    let target_handle = reader.text("targetHandle").map(HandleId::from);
    Some(RawEdge {
        index,
        id,
        source: source?.into(),
        handle,
        target: target?.into(),
        target_handle,
    })
}
