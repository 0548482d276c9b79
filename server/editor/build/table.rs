//! Writes `assets.rs`: the table of embedded files.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes the table of every file under `dist`.
pub(crate) fn write(out: &Path, dist: &Path) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    collect(dist, "", &mut files)?;
    files.sort();
    let mut table = String::from("pub(crate) static ASSETS: &[Asset] = &[\n");
    for path in &files {
        let file = dist.join(path);
        let etag = fnv128(&fs::read(&file)?);
        writeln!(
            table,
            "    Asset {{ path: {path:?}, content_type: {:?}, etag: {:?}, bytes: include_bytes!({:?}) }},",
            content_type(path),
            format!("\"{etag}\""),
            file.to_str().ok_or("the target folder's path is not UTF-8")?,
        )?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Writes a table of one page that says why there is no editor and how to get one.
pub(crate) fn write_fallback(out: &Path, reason: &str) -> Result<(), Box<dyn Error>> {
    let dist = out.join("fallback");
    fs::create_dir_all(&dist)?;
    fs::write(dist.join("index.html"), fallback_page(reason))?;
    write(out, &dist)
}

/// FNV-1a, 128 bits, in hex: names content, guards nothing.
pub(crate) fn fnv128(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    format!("{hash:032x}")
}

fn collect(dir: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a file's name is not UTF-8")?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn fallback_page(reason: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flowcrate</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 38rem; margin: 15vh auto; padding: 0 1.5rem; }}
  code, pre {{ font-family: ui-monospace, monospace; font-size: .9em; }}
  pre {{ padding: .75rem 1rem; border: 1px solid currentColor; border-radius: 6px; overflow: auto; }}
</style>
<h1>Flowcrate is running, without its editor</h1>
<p>The API under <code>/api/v1</code> works, but {reason}.</p>
<p>Install Node.js 20 or later with npm, then build the server again:</p>
<pre>env -u FLOWCRATE_SKIP_EDITOR cargo run</pre>
</html>
"#
    )
}
