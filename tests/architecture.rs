//! Who may import whom, and what the core must not do. The table is data: a new folder needs a line
//! here before it may import anything.

use std::fs;
use std::path::{Path, PathBuf};

/// A module of ours and what it may import of ours. `*` is everything.
const TABLE: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("limits", &["units"]),
    ("error", &[]),
    ("coding", &["limits"]),
    ("wire", &["units", "limits"]),
    ("flow", &["units", "limits", "wire"]),
    ("http", &["units", "limits", "wire", "flow"]),
    ("status", &[]),
    ("secret", &["http"]),
    ("rules", &["units", "limits", "wire", "flow", "http", "status", "secret"]),
    ("diagnosis", &["units", "limits", "wire", "flow", "http", "status", "secret"]),
    ("stats", &["units", "limits", "wire", "flow", "http", "rules", "diagnosis"]),
    ("comparison", &["units", "limits", "http", "rules", "diagnosis", "stats"]),
    (
        "snapshot",
        &["units", "limits", "wire", "flow", "http", "rules", "diagnosis", "stats", "status"],
    ),
    (
        "filter",
        &["units", "limits", "wire", "flow", "http", "rules", "diagnosis", "stats", "status"],
    ),
    (
        "engine",
        &[
            "filter",
            "units",
            "limits",
            "wire",
            "flow",
            "http",
            "status",
            "rules",
            "diagnosis",
            "stats",
        ],
    ),
    ("capture", &["units", "limits", "error", "wire"]),
    (
        "pipeline",
        &[
            "filter",
            "units",
            "limits",
            "error",
            "wire",
            "flow",
            "http",
            "status",
            "rules",
            "diagnosis",
            "stats",
            "engine",
            "capture",
            "snapshot",
        ],
    ),
    (
        "export",
        &[
            "units",
            "limits",
            "coding",
            "wire",
            "flow",
            "http",
            "rules",
            "diagnosis",
            "stats",
            "snapshot",
            "filter",
            "status",
            "secret",
            "comparison",
        ],
    ),
    (
        "dashboard",
        &[
            "secret",
            "units",
            "limits",
            "wire",
            "flow",
            "http",
            "rules",
            "diagnosis",
            "stats",
            "snapshot",
            "filter",
            "status",
            "export",
        ],
    ),
    ("build", &[]),
    ("cli", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// Where only some names of a module may be imported, though the module may be.
const NAMES: &[(&str, &str, &[&str])] = &[
    ("capture", "wire", &["Packet", "LinkType", "Direction"]),
    // Facts, not machinery.
    ("stats", "wire", &["Endpoint"]),
    ("stats", "flow", &["End", "Ending", "Side", "Mark", "Health"]),
    ("snapshot", "wire", &["Endpoint"]),
    ("snapshot", "flow", &["Ledger", "Population", "Ending"]),
    ("filter", "wire", &["Endpoint"]),
    ("filter", "flow", &["End", "Side"]),
    // Packets as they were decoded, which `redact` takes their secrets from; not what decodes them.
    ("export", "wire", &["Decoded", "Endpoint", "Ends", "Packet", "Segment", "SignalKind"]),
    ("export", "flow", &["End", "Ending", "Side", "Mark", "Health", "Conflict"]),
    ("dashboard", "wire", &["Endpoint"]),
    ("dashboard", "flow", &["End", "Ending", "Side", "Mark", "Oddity", "Step", "Trace"]),
];

/// Modules without clock, file, thread and terminal.
const CORE: &[&str] = &[
    "units",
    "limits",
    "wire",
    "flow",
    "http",
    "status",
    "rules",
    "diagnosis",
    "stats",
    "engine",
    "comparison",
    "coding",
];

/// What the core must not name, though a comment may.
const REFUSED_IN_CORE: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "std::fs",
    "std::thread",
    "std::net::Tcp",
    "std::env",
    "std::process",
    "stdout",
    "stderr",
];

/// A Rust file of the program.
struct Source {
    path: PathBuf,
    /// The folder or file below `src` that it belongs to.
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") {
                // What a test may do, the program may not.
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let relative = path.strip_prefix(&root).unwrap();
            let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            found.push(Source { path, module, text });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 80);
    found
}

/// The lines of code, numbered from 1, without comments; strings stay.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter_map(|(number, line)| {
        let line = line.trim_start();
        (!line.starts_with("//")).then(|| (number, line.split(" // ").next().unwrap_or(line)))
    })
}

/// Paths of ours that a file names: the module and, where it is told, the name in it.
fn imports(source: &Source) -> Vec<(usize, String, Option<String>)> {
    let mut found = Vec::new();
    let text = &source.text;
    let line_of = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    for root in ["crate::", "httpwhy::"] {
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(root)) {
            let at = from + at;
            from = at + root.len();
            let before = text.get(..at).unwrap_or_default();
            let comment = before.rsplit('\n').next().unwrap_or_default().trim_start();
            let inside = before.ends_with(|one: char| one.is_alphanumeric() || one == '_');
            if comment.starts_with("//") || inside {
                continue;
            }
            for path in expand(text.get(from..).unwrap_or_default()) {
                let mut parts = path.split("::");
                let module = parts.next().unwrap_or_default().to_owned();
                found.push((line_of(at), module, parts.next().map(str::to_owned)));
            }
        }
    }
    found
}

/// `a::{B, c::D}` as `a::B` and `a::c::D`.
fn expand(text: &str) -> Vec<String> {
    let word = |one: char| one.is_alphanumeric() || one == '_';
    let Some(rest) = text.strip_prefix('{') else {
        let end = text.find(|one| !word(one)).unwrap_or(text.len());
        let (name, behind) = text.split_at(end);
        return match behind.strip_prefix("::") {
            Some(behind) if behind.starts_with(|one| word(one) || one == '{') => {
                expand(behind).into_iter().map(|tail| format!("{name}::{tail}")).collect()
            }
            _ => vec![name.to_owned()],
        };
    };
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, one) in rest.char_indices() {
        match one {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let part = rest.get(begin..at).unwrap_or_default().trim();
                if !part.is_empty() {
                    found.extend(expand(part));
                }
                begin = at + 1;
                if one == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// `super::` chains that leave the module at its top reach a sibling.
fn escapes(source: &Source) -> Vec<(usize, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let relative = source.path.strip_prefix(root).unwrap();
    // How many `super` lead from the file to the crate's root.
    let folders = relative.components().count() - 1;
    let is_root = relative.file_name().is_some_and(|name| name == "mod.rs");
    let depth = if is_root { folders } else { folders + 1 };
    let mut found = Vec::new();
    for (number, line) in code(&source.text) {
        let mut ups = 0;
        let mut rest = line;
        while let Some(at) = rest.find("super::") {
            ups = if at == 0 { ups + 1 } else { 1 };
            rest = rest.get(at + "super::".len()..).unwrap_or_default();
            // A module of tests inside the file goes up one more to reach the file.
            if ups >= depth && !rest.starts_with("super::") && ups > 0 && depth > 0 {
                let name: String =
                    rest.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect();
                if TABLE.iter().any(|(module, _)| *module == name) {
                    found.push((number, name));
                }
            }
        }
    }
    found
}

#[test]
fn modules_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = TABLE.iter().find(|(module, _)| *module == source.module) else {
            wrong.push(format!("{}: {} is not in the table", source.path.display(), source.module));
            continue;
        };
        let reached = escapes(&source).into_iter().map(|(line, module)| (line, module, None));
        for (line, module, name) in imports(&source).into_iter().chain(reached) {
            // Macros and modules declared in the crate's root alone have no line.
            if module == source.module || !TABLE.iter().any(|(known, _)| *known == module) {
                continue;
            }
            let place = format!("{}:{line}", source.path.display());
            if *allowed != ["*"] && !allowed.contains(&module.as_str()) {
                wrong.push(format!("{place}: {} must not import {module}", source.module));
            }
            let named = NAMES.iter().find(|(from, to, _)| *from == source.module && *to == module);
            if let (Some((_, _, names)), Some(name)) = (named, name)
                && !names.contains(&name.as_str())
            {
                wrong.push(format!("{place}: {} must not import {module}::{name}", source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| CORE.contains(&source.module.as_str())) {
        // Unit tests are no part of the program: they stand at the end of a file, or in `tests`.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let inside = source.path.strip_prefix(root).unwrap();
        if inside.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let program = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (line, code) in code(program) {
            for refused in REFUSED_IN_CORE.iter().filter(|refused| code.contains(**refused)) {
                wrong.push(format!("{}:{line}: {refused}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The one file that may be unsafe: functions of libpcap, found when they are needed.
const LOADER: &str = "src/capture/live/libpcap.rs";

#[test]
fn nothing_is_unsafe_but_the_loader_of_libpcap() {
    let all = sources();
    assert!(all.iter().any(|source| source.path.ends_with(LOADER)));
    for source in all.iter().filter(|source| !source.path.ends_with(LOADER)) {
        for (line, code) in code(&source.text) {
            let written = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait"];
            let allowed = ["#[unsafe(", "(unsafe_code)", "(unsafe_op"];
            let found = written.iter().chain(&allowed).find(|one| code.contains(**one));
            assert!(found.is_none(), "{}:{line}: unsafe", source.path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{}: no first words", source.path.display());
    }
}

#[test]
fn the_table_contains_no_circle() {
    let mut above: Vec<&str> = Vec::new();
    // Whoever comes first in the table may import only what came before.
    for (module, allowed) in TABLE.iter().filter(|(_, allowed)| **allowed != ["*"]) {
        for import in *allowed {
            let known = above.contains(import);
            assert!(known, "{module} imports {import}, which comes later in the table");
        }
        above.push(module);
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let source = Source {
        path: Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stats/made_up.rs"),
        module: "stats".to_owned(),
        text: "use crate::{units::{Count, Octets}, wire::Endpoint};\n\
               // use crate::capture::Capture;\n\
               fn f() -> crate::http::Exchange {}\n\
               use super::super::pipeline::run;\n"
            .to_owned(),
    };
    let found: Vec<String> = imports(&source)
        .into_iter()
        .map(|(line, module, name)| format!("{line} {module}::{}", name.unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        ["1 units::Count", "1 units::Octets", "1 wire::Endpoint", "3 http::Exchange"]
    );
    assert_eq!(escapes(&source), [(4, "pipeline".to_owned())]);
}
