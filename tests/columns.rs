//! `-e`: what the chosen columns hold is what the records say, in every form and with every name.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use httpwhy::filter::FIELDS;
use serde_json::{Value, json};
use support::records::{self, Said};

/// Captures with something in every column.
const SAMPLES: &[&str] = &[
    "samples/502-keepalive-race.pcap",
    "samples/100-continue.pcap",
    "samples/chunked-trailers.pcap",
    "samples/connect-tunnel.pcap",
    "samples/head-and-204.pcap",
    "samples/http-1.0-close.pcap",
    "samples/ipv6-vlan.pcap",
    "samples/mid-stream.pcap",
    "samples/no-answers.pcap",
    "samples/one-sided.pcap",
    "samples/proxy-both-sides.pcap",
    "samples/retransmits-and-loss.pcap",
    "samples/smuggling.pcap",
    "samples/truncated-body.pcap",
    "samples/websocket-upgrade.pcap",
];

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .unwrap();
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 3)), "{arguments:?} {output:?}");
    String::from_utf8(output.stdout).expect("outputs are UTF-8")
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn said(sample: &str) -> Vec<Said> {
    let records = json_lines(&run(&["--json", "--show-secrets", "-q", sample]));
    records::said(records).into_values().collect()
}

/// Nanoseconds as milliseconds.
fn millis(nanos: &Value) -> Value {
    let Some(nanos) = nanos.as_u64() else { return Value::Null };
    serde_json::from_str(&format!(
        "{}.{:03}",
        (nanos + 500) / 1_000_000,
        (nanos + 500) / 1_000 % 1_000
    ))
    .unwrap()
}

fn fields(said: &Said, side: &str, name: &str) -> Vec<Value> {
    let pairs = said.exchange[side].as_array().into_iter().flatten();
    pairs
        .filter(|pair| pair[0].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .map(|pair| pair[1].clone())
        .collect()
}

fn port(endpoint: &Value) -> Value {
    json!(endpoint.as_str().unwrap().rsplit(':').next().unwrap().parse::<u64>().unwrap())
}

fn address(endpoint: &Value) -> Value {
    let (address, _) = endpoint.as_str().unwrap().rsplit_once(':').unwrap();
    json!(address.trim_matches(['[', ']']))
}

fn first(values: Vec<Value>) -> Value {
    values.into_iter().next().unwrap_or_default()
}

fn named(records: &[Value], key: &str) -> Value {
    records.iter().map(|record| record[key].clone()).collect()
}

/// What a column is to hold, from the records alone. `None`: the records do not say it in one word.
fn expected(column: &str, said: &Said) -> Option<Value> {
    let record = &said.exchange;
    let is = |key: &str| json!(!record[key].is_null());
    Some(match column {
        "id" | "time" | "client" | "server" | "connection" | "nth" | "method" | "target"
        | "version" | "status" | "reason" | "retransmissions" | "tunnelled" | "interim" => {
            record[column].clone()
        }
        "response.version" => record["response_version"].clone(),
        "class" => record["status"].as_u64().map_or(Value::Null, |status| json!(status / 100)),
        "client.ip" => address(&record["client"]),
        "server.ip" => address(&record["server"]),
        "client.port" => port(&record["client"]),
        "server.port" => port(&record["server"]),
        "ip" => json!([address(&record["client"]), address(&record["server"])]),
        "port" => json!([port(&record["client"]), port(&record["server"])]),
        "ttfb" => millis(&record["think_ns"]),
        "total" => millis(&record["total_ns"]),
        "connect" => millis(&record["connect_ns"]),
        "request_time" => millis(&record["request_ns"]),
        "response_time" => millis(&record["response_ns"]),
        "idle" => millis(&record["idle_before_ns"]),
        "request.bytes" => record["request_body_bytes"].clone(),
        "response.bytes" => record["response_body_bytes"].clone(),
        "missing" => record["missing_bytes"].clone(),
        "user_agent" => first(fields(said, "request_headers", "user-agent")),
        "referer" => first(fields(said, "request_headers", "referer")),
        "content_type" => first(fields(said, "response_headers", "content-type")),
        "location" => first(fields(said, "response_headers", "location")),
        "header(\"content-length\")" => {
            let both = ["request_headers", "response_headers"];
            both.iter().flat_map(|side| fields(said, side, "Content-Length")).collect()
        }
        "request.header(\"host\")" => fields(said, "request_headers", "host").into(),
        "finding" => named(&said.findings, "rule"),
        "severity" => named(&said.findings, "severity"),
        "why" => named(&said.verdicts, "cause"),
        "unanswered.why" => record["unanswered"].clone(),
        "orphan" => json!(record["method"].is_null()),
        "request" => is("method"),
        "response" => json!(!record["response"].is_null()),
        "complete" => {
            json!(record["request_complete"] == true && record["response_complete"] == true)
        }
        "all" => json!(true),
        "query" => {
            let target = record["target"].as_str();
            let query = target.and_then(|target| target.split_once('?'));
            query.map_or(Value::Null, |(_, query)| json!(query))
        }
        _ => return None,
    })
}

#[test]
fn columns_hold_what_the_records_say() {
    let functions = ["header(\"content-length\")", "request.header(\"host\")"];
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).chain(functions).collect();
    let asked: Vec<&str> = names.iter().flat_map(|name| ["-e", name]).collect();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in SAMPLES {
        for threads in ["1", "2"] {
            let head = ["--json", "--show-secrets", "-q", "--threads", threads, sample];
            let rows = json_lines(&run(&[&head[..], &asked].concat()));
            let said = said(sample);
            assert_eq!(rows.len(), said.len(), "{sample}");
            for (row, said) in rows.iter().zip(&said) {
                assert_eq!(row.as_object().unwrap().len(), names.len());
                for name in &names {
                    let Some(expected) = expected(name, said) else { continue };
                    assert_eq!(row[*name], expected, "{name} of {} in {sample}", row["id"]);
                    let empty =
                        expected.is_null() || expected.as_array().is_some_and(Vec::is_empty);
                    *compared.entry(name).or_default() += usize::from(!empty);
                }
            }
        }
    }
    assert!(compared.len() >= 44, "{compared:?}");
    let never: Vec<_> = compared.iter().filter(|(_, times)| **times == 0).collect();
    assert!(never.iter().all(|(name, _)| **name == "referer" || **name == "query"), "{never:?}");
}

#[test]
fn other_names_show_the_same_and_wiresharks_durations_are_seconds() {
    for field in FIELDS {
        for alias in field.aliases {
            let asked = [field.name, alias, "id"].join(",");
            let rows = run(&["-q", "-T", "fields", "-e", &asked, "samples/proxy-both-sides.pcap"]);
            for row in rows.lines() {
                let cells: Vec<&str> = row.split('\t').collect();
                if *alias == "http.time" && !cells[0].is_empty() {
                    let (millis, seconds): (f64, f64) =
                        (cells[0].parse().unwrap(), cells[1].parse().unwrap());
                    assert!((millis - seconds * 1_000.0).abs() < 0.000_6, "{row}");
                    assert_eq!(cells[1].split_once('.').unwrap().1.len(), 9, "{row}");
                } else {
                    assert_eq!(cells[0], cells[1], "{alias}");
                }
            }
        }
    }
}

/// Rows of RFC 4180 whose cells hold no line ends.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    text.split_terminator("\r\n")
        .map(|line| {
            let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
            let mut letters = line.chars().peekable();
            while let Some(letter) = letters.next() {
                match letter {
                    '"' if inside && letters.next_if_eq(&'"').is_some() => cell.push('"'),
                    '"' => inside = !inside,
                    ',' if !inside => cells.push(std::mem::take(&mut cell)),
                    letter => cell.push(letter),
                }
            }
            cells.push(cell);
            cells
        })
        .collect()
}

#[test]
fn all_forms_hold_the_same_cells() {
    let asked =
        "id,time,client,host,target,status,ttfb,packet,finding,why,header(\"set-cookie\"),failed";
    for sample in SAMPLES {
        let of = |format| run(&["-q", "-T", format, "-e", asked, sample]);
        let csv = csv_rows(&of("csv"));
        let split = |text: String| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
        };
        let (tsv, plain) = (split(of("tsv")), split(of("fields")));
        assert_eq!(csv, tsv, "{sample}");
        assert_eq!(tsv[0].join(","), asked, "the first line has the names as they were asked for");
        assert_eq!(tsv[1..], plain, "{sample}");
        let objects = json_lines(&of("jsonl"));
        assert_eq!(objects.len(), plain.len());
        for (object, row) in objects.iter().zip(&plain) {
            assert_eq!(object["id"].to_string(), row[0]);
            let causes: Vec<&str> =
                object["why"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
            assert_eq!(causes.join(","), row[9]);
        }
        // Nobody chose, and there is a table all the same.
        assert!(
            run(&["-q", "-T", "tsv", sample]).starts_with("id\ttime\tclient\tserver\tmethod\t")
        );
    }
    assert_eq!(run(&["-q", "-e", "id", SAMPLES[0]]), "id\n1\n2\n3\n4\n");
    assert_eq!(
        run(&["-q", "-e", "id", "-e", "status", "--json", SAMPLES[0], "-Y", "5xx"]),
        "{\"id\":4,\"status\":502}\n"
    );
    // The last line that was asked for has all that is known of it, too.
    for threads in ["1", "2"] {
        let last = ["-q", "-c", "4", "--threads", threads, SAMPLES[0]];
        let rows = run(&[&last[..], &["-T", "fields", "-e", "id,why"]].concat());
        assert_eq!(rows, "1\t\n2\t\n3\t\n4\tstale-keepalive\n");
        let csv = run(&[&last[..], &["-T", "csv"]].concat());
        assert!(csv.trim_end().ends_with(",stale-keepalive,high,10.2.0.2:9001"), "{csv}");
    }
    assert_eq!(run(&["-q", "-c", "2", "-T", "fields", "-e", "id,why", SAMPLES[0]]), "1\t\n2\t\n");
    assert_eq!(
        run(&["sniff", "-q", "-T", "fields", "-e", "id,why", "-r", SAMPLES[0]]),
        "1\t\n2\t\n3\t\n4\tstale-keepalive\n"
    );
}

#[test]
fn what_is_no_column_is_refused() {
    for (arguments, needle) in [
        (&["-e", "staus"][..], "did you mean `status`?"),
        (&["-e", "status >= 500"], "nothing behind it"),
        (&["-e", "header(\"x\") = 1"], "nothing behind it"),
        (&["-e", "header()"], "error"),
        (&["-e", ""], "unknown field"),
        (&["-e", "5xx"], "unknown field"),
        (&["-e", "~u x"], "unknown field"),
        (
            &["-T", "md", "-e", "status"],
            "-e chooses columns of -T csv, tsv, fields and jsonl; md has none",
        ),
        (&["-T", "json", "-e", "status"], "json has none"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
            .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")))
            .args(arguments)
            .arg("samples/hello.pcap")
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(needle), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty());
    }
}
