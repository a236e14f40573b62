//! What other programs make of our output: HAR by Python's haralyzer, records by DuckDB. Skips, saying so,
//! where these are not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A command of Python, if the module is there.
fn python(module: &str) -> Option<Command> {
    let there = Command::new("python3").args(["-c", &format!("import {module}")]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(Command::new("python3"));
    }
    println!("skipped: python3 has no module {module}");
    None
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let entries = fs::read_dir(folder).expect("there are samples");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "pcap")).collect();
    paths.sort();
    paths
}

/// What httpwhy writes about a capture.
fn written(path: &Path, format: &str) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.arg(path).args(["-T", format]).output().expect("it can be run").stdout
}

/// A folder of our own, which is taken away in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("httpwhy-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("there is room");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a program of Python with arguments; what it printed.
fn run(mut python: Command, folder: &Path, program: &str, arguments: &[String]) -> String {
    let command = python.current_dir(folder).arg("-c").arg(program).args(arguments);
    let output = command.output().expect("python can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn haralyzer_reads_har() {
    const PROGRAM: &str = r#"
import sys, json
from haralyzer import HarParser
from haralyzer.assets import HarEntry
count = 0
for path in sys.argv[1:]:
    har = json.load(open(path))
    assert HarParser(har).version == "1.2"
    for raw in har["log"]["entries"]:
        entry = HarEntry(raw)
        assert None not in (entry.request.method, entry.request.url, entry.startTime)
        entry.request.headers, entry.response.status, entry.response.mimeType
        spent = sum(v for k, v in raw["timings"].items()
                    if isinstance(v, (int, float)) and v >= 0 and k != "ssl")
        assert abs(spent - raw["time"]) < 0.01 * max(1, raw["time"]) + 0.1, (path, spent)
        count += 1
print(count)
"#;
    let Some(python) = python("haralyzer") else { return };
    let folder = Folder::new("har");
    let (mut paths, mut exchanges) = (Vec::new(), 0);
    for sample in samples() {
        let har = written(&sample, "har");
        let value: serde_json::Value = serde_json::from_slice(&har).expect("HAR is JSON");
        exchanges += value["log"]["entries"].as_array().expect("there are entries").len();
        let path = folder.0.join(sample.file_name().expect("it has a name"));
        fs::write(&path, har).expect("there is room");
        paths.push(path.to_str().expect("it is text").to_owned());
    }
    assert!(exchanges > 20, "{exchanges}");
    assert_eq!(run(python, &folder.0, PROGRAM, &paths).trim(), exchanges.to_string());
}

#[test]
fn duckdb_runs_the_statements_of_the_page_on_many_sensors() {
    const PROGRAM: &str = r#"
import sys, json, duckdb
connection = duckdb.connect()
answers = [connection.execute(statement).fetchall() for statement in sys.argv[1:]]
print(json.dumps(answers, default=str))
"#;
    let Some(python) = python("duckdb") else { return };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet.md");
    let page = fs::read_to_string(page).expect("the page is there").replace("\r\n", "\n");
    let duckdb = page.split("\n## ").find(|part| part.starts_with("DuckDB")).expect("a section");
    let blocks = duckdb.split("```sql\n").skip(1).filter_map(|block| block.split("```").next());
    let statements: Vec<String> = blocks.map(str::to_owned).collect();
    assert_eq!(statements.len(), 5, "{statements:?}");
    let folder = Folder::new("fleet");
    let (mut exchanges, mut failed, mut verdicts) = (0, 0, 0);
    for (nth, sample) in samples().iter().enumerate() {
        let records = written(sample, "jsonl");
        for line in String::from_utf8(records.clone()).expect("records are text").lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            if record["type"] == "transaction" {
                exchanges += 1;
                failed += u64::from(record["status"].as_u64().is_none_or(|status| status >= 500));
            }
            verdicts += u64::from(record["type"] == "diagnosis");
        }
        let own = folder.0.join(format!("sensor=s{}/day=2026-01-0{}", nth % 3, nth % 2 + 1));
        fs::create_dir_all(&own).expect("there is room");
        fs::write(own.join(format!("{nth:06}.jsonl")), records).expect("there is room");
    }
    let answers = run(python, &folder.0, PROGRAM, &statements);
    let answers: serde_json::Value = serde_json::from_str(&answers).expect("answers are JSON");
    let rows = |nth: usize| answers[nth].as_array().expect("rows").clone();
    let sum = |nth: usize, column: usize| -> u64 {
        rows(nth).iter().map(|row| row[column].as_u64().expect("a number")).sum()
    };
    assert_eq!((sum(1, 2), sum(1, 3)), (exchanges, failed));
    assert_eq!(sum(2, 2), verdicts);
    assert_eq!(rows(3).len() as u64, verdicts);
    let named = |row: &serde_json::Value| row[5].is_string() && row[3].is_string();
    assert!(rows(3).iter().all(named), "{:?}", rows(3));
    assert!(folder.0.join("transactions").is_dir());
}
