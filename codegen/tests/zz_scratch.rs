use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::package::Support;
use std::collections::BTreeMap;
#[test]
fn write() {
    let root = env!("CARGO_MANIFEST_DIR").to_owned() + "/..";
    let graph =
        std::fs::read(root.clone() + "/tests/fixtures/run/s18_operations/graph.json").unwrap();
    let support = Support::Path(
        [
            ("flowcrate", "runtime"),
            ("flowcrate-macros", "macros"),
            ("flowcrate-plugins", "plugins"),
        ]
        .into_iter()
        .map(|(p, f)| (p.to_owned(), format!("/work/wt/expr/{f}")))
        .collect::<BTreeMap<_, _>>(),
    );
    let compiled = flowcrate_codegen::compile(&graph, &Catalogue::default(), &support);
    for d in &compiled.diagnostics {
        eprintln!("{:?} {} {:?} {:?}", d.code, d.message, d.node, d.field);
    }
    for (path, file) in &compiled.files.unwrap().files {
        let path = std::path::Path::new("/tmp/expr-crate").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.bytes).unwrap();
    }
    std::fs::copy(root + "/Cargo.lock", "/tmp/expr-crate/Cargo.lock").unwrap();
}
