//! What other programs make of our output: HAR by Python's haralyzer and by the developer tools
//! of Chromium, records by DuckDB, display filters by tshark. Skips, saying so, where these are not
//! installed.

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

/// What the developer tools of Chromium make of HAR, by the code behind the network panel's import.
#[test]
fn chromium_imports_har() {
    const PROGRAM: &str = r#"
import glob, json, os, subprocess, sys, tempfile
profile = tempfile.mkdtemp(dir=".")
to_child, to_us = os.pipe(), os.pipe()
flags = "--headless=new --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir=%s about:blank" % profile
child = subprocess.Popen(["sh", "-c", "exec %s %s 3<&%d 4>&%d 2>/dev/null" % (sys.argv[1], flags, to_child[0], to_us[1])],
    pass_fds=(to_child[0], to_us[1]))
os.close(to_child[0]); os.close(to_us[1])
answers = os.fdopen(to_us[0], "rb")
number, waiting = 0, b""
def call(method, session=None, **params):
    global number, waiting
    number += 1
    asked = {"id": number, "method": method, "params": params}
    if session: asked["sessionId"] = session
    os.write(to_child[1], json.dumps(asked).encode() + b"\0")
    while True:
        while b"\0" not in waiting:
            got = answers.read1(65536)
            assert got, "the browser is gone"
            waiting += got
        said, waiting = waiting.split(b"\0", 1)
        said = json.loads(said)
        if said.get("id") == number:
            assert "error" not in said, said
            return said["result"]
try:
    page = "devtools://devtools/bundled/devtools_app.html"
    target = call("Target.createTarget", url=page)["targetId"]
    session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    def evaluate(program):
        result = call("Runtime.evaluate", session, expression=program, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")
    for tries in range(100000):
        if evaluate("location.href + document.readyState") == page + "complete": break
    IMPORT = """(async () => {
        const har = await import('devtools://devtools/bundled/models/har/har.js');
        const log = new har.HARFormat.HARRoot(%s).log;
        return har.Importer.Importer.requestsFromHARLog(log).map(request => [request.url(),
            request.requestMethod, request.statusCode, request.responseHeaders.length,
            request.duration * 1000, request.resourceSize]);
    })()"""
    print(json.dumps([evaluate(IMPORT % open(path).read()) for path in sys.argv[2:]]))
finally:
    child.terminate(); child.wait()
"#;
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let Some(browser) = browsers.into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    }) else {
        println!("skipped: there is no Chromium");
        return;
    };
    let Some(python) = python("json") else { return };
    let folder = Folder::new("devtools");
    let (mut arguments, mut written_hars) = (vec![browser.to_owned()], Vec::new());
    for sample in samples() {
        let har = written(&sample, "har");
        written_hars.push(serde_json::from_slice::<serde_json::Value>(&har).expect("HAR is JSON"));
        let path = folder.0.join(sample.file_name().expect("it has a name"));
        fs::write(&path, har).expect("there is room");
        arguments.push(path.to_str().expect("it is text").to_owned());
    }
    let imported = run(python, &folder.0, PROGRAM, &arguments);
    let imported: serde_json::Value = serde_json::from_str(&imported).expect("JSON");
    let mut count = 0;
    for (har, requests) in written_hars.iter().zip(imported.as_array().expect("a list")) {
        let mut entries = har["log"]["entries"].as_array().expect("entries").clone();
        // They are shown in the order in which they began, to the millisecond.
        let millisecond = "2026-11-23T00:56:08.461".len();
        let begun = |entry: &serde_json::Value| {
            entry["startedDateTime"]
                .as_str()
                .and_then(|at| at.get(..millisecond))
                .map(str::to_owned)
        };
        entries.sort_by_key(begun);
        let requests = requests.as_array().expect("a list");
        assert_eq!(entries.len(), requests.len());
        for (entry, request) in entries.iter().zip(requests) {
            let headers = entry["response"]["headers"].as_array().expect("headers").len();
            assert_eq!(request[0], entry["request"]["url"]);
            assert_eq!(request[1], entry["request"]["method"]);
            assert_eq!(request[2], entry["response"]["status"]);
            assert_eq!(request[3], headers, "{entry}");
            let (shown, time) = (request[4].as_f64(), entry["time"].as_f64());
            let apart = shown.zip(time).map(|(shown, time)| (shown - time).abs());
            assert!(apart.is_some_and(|apart| apart < 0.001), "{request} {entry}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn tshark_shows_exactly_the_packets_of_a_verdict() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: there is no tshark");
        return;
    }
    let mut tried = 0;
    for path in samples() {
        for line in written(&path, "jsonl").split(|octet| *octet == b'\n') {
            let Ok(record) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
            let Some(filter) = record["display_filter"].as_str() else { continue };
            let mut tshark = Command::new("tshark");
            tshark.arg("-r").arg(&path).args(["-Y", filter, "-T", "fields", "-e", "frame.number"]);
            let output = tshark.output().expect("tshark runs");
            let shown = String::from_utf8_lossy(&output.stdout);
            let shown: Vec<u64> = shown.lines().map(|number| number.parse().unwrap()).collect();
            let evidence = record["evidence"].as_array().unwrap().iter();
            let packets: Vec<u64> = evidence.map(|one| one["packet"].as_u64().unwrap()).collect();
            assert_eq!(shown, packets, "{}: {filter}", path.display());
            tried += 1;
        }
    }
    assert!(tried > 4, "{tried}");
}
