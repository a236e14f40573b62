//! The outputs for people, held to golden files. `UPDATE=1 cargo test --test reports` writes them
//! anew; read the difference before you commit it.

mod support;

use std::fs;
use std::path::Path;

use httpwhy::export::Options;
use support::export::{OPTIONS, exported, open, shown};

/// The samples whose outputs are kept, with the columns of the terminal.
const KEPT: &[(&str, Option<usize>)] = &[
    ("502-refused.pcap", None),
    ("502-keepalive-race.pcap", Some(100)),
    ("no-answers.pcap", Some(80)),
    ("retransmits-and-loss.pcap", None),
    ("smuggling.pcap", Some(80)),
    ("tls-and-http2.pcap", None),
    ("truncated-body.pcap", None),
    ("chunked-trailers.pcap", Some(100)),
    ("mid-stream.pcap", None),
    ("websocket-upgrade.pcap", None),
    ("100-continue.pcap", None),
    ("cut-off.pcap", None),
    ("one-sided.pcap", None),
];

#[test]
fn outputs_are_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("UPDATE").is_some();
    if update {
        fs::create_dir_all(&folder).unwrap();
    }
    for (sample, columns) in KEPT {
        let name = format!("samples/{sample}");
        let options = Options { columns: *columns, accounts: columns.is_none(), ..OPTIONS };
        let mut page = format!("$ httpwhy {name}\n").into_bytes();
        page.extend(exported(open(&name), "text", options));
        page.extend(format!("\n$ httpwhy -T wide {name}\n").bytes());
        page.extend(exported(open(&name), "wide", options));
        page.extend(format!("\n$ httpwhy show … -r {name}\n").bytes());
        page.extend(shown(open(&name), options));
        if let Some(columns) = columns {
            for format in ["text", "wide"] {
                let text = String::from_utf8(exported(open(&name), format, options)).unwrap();
                for line in text.lines() {
                    let width = httpwhy::export::escape::width(line);
                    assert!(width <= *columns, "{name}: {width} columns: {line}");
                }
            }
        }
        let kept = folder.join(format!("{sample}.txt"));
        if update {
            fs::write(&kept, &page).unwrap();
        }
        let expected = fs::read(&kept).unwrap_or_default();
        if expected != page {
            let page = String::from_utf8_lossy(&page);
            panic!("{} is not as kept (UPDATE=1 writes it anew):\n{page}", kept.display());
        }
    }
}

/// What the README shows is what comes out.
#[test]
fn the_readme_shows_a_real_report() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- report: ").unwrap();
    let (name, rest) = rest.split_once(" -->\n```text\n").unwrap();
    let (_, behind) = rest.split_once("```\n").unwrap();
    let options = Options { columns: Some(100), ..OPTIONS };
    let report = String::from_utf8(exported(open(name), "text", options)).unwrap();
    let current = format!("{before}<!-- report: {name} -->\n```text\n{report}```\n{behind}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let readme = fs::read_to_string(&path).unwrap();
    assert!(readme == current, "UPDATE=1 cargo test --test reports writes it anew:\n{report}");
}
