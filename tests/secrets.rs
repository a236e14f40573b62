//! Ten thousand secrets, each planted where traffic carries secrets and each unlike the others: none
//! is in any output that nobody has asked to show them.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use httpwhy::export::columns::Form;
use httpwhy::export::{FORMATS, detail};
use httpwhy::filter::{Column, FIELDS};
use support::export::{OPTIONS, captured, columns, exported_with, shown};
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::planter::{HEADERS, MARK, Planter};

/// The outputs that a secret is in: how often, and what stands around the first.
#[derive(Debug, Default)]
struct Leaks(BTreeMap<String, (usize, String)>);

impl Leaks {
    fn look(&mut self, of: &str, output: &str) {
        for line in output.lines() {
            for (at, _) in line.match_indices(MARK) {
                let around = at.saturating_sub(160)..(at + 40).min(line.len());
                let around = String::from_utf8_lossy(&line.as_bytes()[around]).into_owned();
                self.0.entry(of.to_owned()).or_insert((0, around)).0 += 1;
            }
        }
    }
}

#[test]
fn none_of_ten_thousand_secrets_is_in_an_output() {
    let mut planter = Planter::new(0x5ec2e7);
    let mut leaks = Leaks::default();
    let mut explained = false;
    let mut found = false;
    // Every field, and the headers that hold the secrets.
    let headers = HEADERS.map(|name| format!("header(\"{name}\")"));
    let names = FIELDS.iter().map(|field| field.name).chain(headers.iter().map(String::as_str));
    let chosen: Vec<Column> = names.map(|name| Column::parse(name).unwrap()).collect();
    while planter.planted < 10_000 {
        let script = planter.script();
        let mut outputs = vec![("show", shown(captured(&script), OPTIONS))];
        for format in FORMATS {
            let preview = detail::PREVIEW_OCTETS;
            outputs.push((
                format.name,
                exported_with(captured(&script), format.name, OPTIONS, preview),
            ));
        }
        for (name, form) in [("-e in csv", Form::Csv), ("-e in jsonl", Form::Jsonl)] {
            outputs.push((name, columns(captured(&script), &chosen, form, OPTIONS)));
        }
        for (format, output) in outputs {
            let output = String::from_utf8(output).expect("outputs are UTF-8");
            explained |= output.contains("\"type\":\"diagnosis\"");
            found |= output.contains("\"type\":\"finding\"");
            leaks.look(format, &output);
        }
    }
    assert!(explained && found, "there are texts of diagnosis and of rules to look into");
    assert!(leaks.0.is_empty(), "{leaks:#?}");
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_httpwhy")).args(arguments).output().unwrap();
    let code = output.status.code();
    assert!(code.is_some_and(|code| code != 1 && code != 2), "{arguments:?} {output:?}");
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// The comments of the packets of a pcapng file (draft-ietf-opsawg-pcapng section 4.3), a line each.
fn comments(file: &[u8]) -> String {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let half = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    let (mut at, mut comments) = (0, String::new());
    while at < file.len() {
        let end = at + word(at + 4);
        if word(at) == 6 {
            let mut option = at + 28 + word(at + 20).next_multiple_of(4);
            while option + 4 < end - 4 && half(option) != 0 {
                let (kind, length) = (half(option), half(option + 2));
                if kind == 1 {
                    comments += std::str::from_utf8(&file[option + 4..][..length]).unwrap();
                    comments.push('\n');
                }
                option += 4 + length.next_multiple_of(4);
            }
        }
        at = end;
    }
    comments
}

#[test]
fn none_is_in_a_comparison_a_bundle_or_a_comment() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut planter = Planter::new(0xb0d1e5);
    let mut leaks = Leaks::default();
    let captures = ["before.pcap", "after.pcap"].map(|name| {
        let made =
            frames(&segments(&planter.script(), &Stacks::default()), &Encapsulation::ethernet());
        fs::write(folder.join(name), pcap::pcap(&made)).unwrap();
        path(name)
    });
    assert!(planter.planted > 3_000);
    for format in ["text", "jsonl"] {
        leaks.look("diff", &run(&["diff", &captures[0], &captures[1], "-T", format]));
    }
    let written = path("all.pcapng");
    leaks.look("-w", &run(&[&captures[0], "-w", &written, "-T", "wide"]));
    let file = fs::read(&written).unwrap();
    let said = comments(&file);
    assert!(said.lines().count() > 300 && said.contains("<hidden>"), "{said}");
    leaks.look("comments of -w", &said);
    assert!(String::from_utf8_lossy(&file).contains(MARK), "the packets are as they were");
    for id in (1..100).step_by(4) {
        let bundle = path(&format!("bundle-{id}"));
        let said = run(&[&captures[0], "--evidence", &id.to_string(), "-o", &bundle]);
        leaks.look("--evidence", &said);
        let mut kept = String::new();
        for entry in fs::read_dir(&bundle).unwrap() {
            let file = fs::read(entry.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&file);
            leaks.look("a bundle", &text);
            kept += &text;
        }
        assert!(kept.contains("<hidden>") && kept.contains("xxxxxx"), "{id}");
    }
    assert!(leaks.0.is_empty(), "{leaks:#?}");
}
