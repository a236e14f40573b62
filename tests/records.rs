//! `-T jsonl` is what `docs/records.md` and `docs/records.schema.json` say, on every capture there is.

// A test that cannot read what it needs has failed.
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use httpwhy::capture::Capture;
use serde_json::Value;
use support::export::{OPTIONS, captured, exported, open};
use support::script::{Connection, Script, Side};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    let text = fs::read_to_string(root().join("docs/records.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The names of all captures, relative to the project.
fn captures() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["samples", "../shared/corpus/captures", "../shared/corpus/streams/pcap"] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else {
            println!("skipped: {folder} is not there");
            continue;
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let captures = names.filter(|name| name.contains("pcap") || name.contains("trace"));
        found.extend(captures.map(|name| format!("{folder}/{name}")));
    }
    found.sort();
    assert!(found.len() > 30);
    found
}

fn records(name: &str) -> Vec<Value> {
    read(name, open(name))
}

fn read(name: &str, capture: Capture) -> Vec<Value> {
    let text = String::from_utf8(exported(capture, "jsonl", OPTIONS)).unwrap();
    assert!(text.ends_with('\n'), "{name}");
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.lines().map(read).collect()
}

/// Octets behind a response that must not have a body, neither UTF-8 nor safe to show.
fn stray() -> Script {
    Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says("DELETE /a HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .server_says("HTTP/1.1 204 No Content\r\n\r\n")
        .server_says(*b"\x1b\xffstray")
        .closed_by(Side::Server)
        .into()
}

#[test]
fn every_record_is_as_the_schema_says() {
    let schema = schema();
    let mut types = BTreeSet::new();
    let files = captures().into_iter().map(|name| (open(&name), name));
    for (capture, name) in files.chain([(captured(&stray()), "made up".to_owned())]) {
        let records = read(&name, capture);
        for record in &records {
            let kind = record["type"].as_str().unwrap();
            // By its own definition first: the message names what is wrong.
            if let Err(wrong) = holds(&schema, &schema["$defs"][kind], record) {
                panic!("{name}: {wrong}\n{record}");
            }
            holds(&schema, &schema, record).unwrap();
            types.insert(kind.to_owned());
        }
        let last = records.last().unwrap();
        assert_eq!(last["type"], "summary");
        let count = |kind: &str| records.iter().filter(|record| record["type"] == kind).count();
        assert_eq!(last["transactions"], count("transaction"), "{name}");
        assert_eq!(last["connections"], count("connection"), "{name}");
        assert_eq!(last["strays"], count("stray"), "{name}");
        let found = last["findings"].as_object().unwrap().values();
        let found: u64 = found.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(found, count("finding") as u64, "{name}");
    }
    assert_eq!(
        types.into_iter().collect::<Vec<_>>(),
        [
            "connection",
            "diagnosis",
            "finding",
            "group",
            "stray",
            "summary",
            "transaction",
            "upstream"
        ]
    );
}

#[test]
fn keys_come_in_the_order_of_the_page() {
    let page = fs::read_to_string(root().join("docs/records.md")).unwrap();
    let out = exported(open("samples/keep-alive.pcap"), "jsonl", OPTIONS);
    for line in String::from_utf8(out).unwrap().lines() {
        let kind = line.split('"').nth(3).unwrap();
        let section = page.split(&format!("## `{kind}`")).nth(1).unwrap();
        let mut at = 0;
        let table = section.split("\n\n").find(|part| part.starts_with("| key")).unwrap();
        for row in table.lines().skip(2) {
            let key = row.split('`').nth(1).unwrap();
            let place = line.get(at..).unwrap().find(&format!("\"{key}\":"));
            at += place.unwrap_or_else(|| panic!("{kind}: {key} is not behind the key before it"));
        }
    }
}

#[test]
fn the_page_names_every_field_of_the_schema() {
    let page = fs::read_to_string(root().join("docs/records.md")).unwrap();
    let named: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    for (definition, schema) in schema()["$defs"].as_object().unwrap() {
        let fields = schema["properties"].as_object();
        for field in fields.into_iter().flatten().map(|(name, _)| name) {
            assert!(named.contains(field.as_str()), "{definition}: {field} is not documented");
        }
    }
}

#[test]
fn what_is_not_known_is_null() {
    let unanswered = records("samples/reset-before-response.pcap");
    let transaction = unanswered.iter().find(|record| record["type"] == "transaction").unwrap();
    for key in ["status", "reason", "response_body_bytes", "response_headers", "think_ns"] {
        assert!(transaction[key].is_null(), "{key}: {transaction}");
    }
    assert_eq!(transaction["unanswered"], "reset-by-server");
    let orphans = records("samples/one-sided.pcap");
    let transaction = orphans.iter().find(|record| record["type"] == "transaction").unwrap();
    for key in ["method", "target", "host", "version", "request_body_bytes", "request_complete"] {
        assert!(transaction[key].is_null(), "{key}: {transaction}");
    }
    assert_eq!(transaction["status"], 200);
}

#[test]
fn facts_of_samples_are_told() {
    let transactions = |name: &str| -> Vec<Value> {
        let all = records(name).into_iter();
        all.filter(|record| record["type"] == "transaction").collect()
    };
    let interim = &transactions("samples/100-continue.pcap")[0];
    assert_eq!((&interim["interim"][0], &interim["status"]), (&100.into(), &201.into()));
    let upgrade = &transactions("samples/websocket-upgrade.pcap")[0]["upgrade"];
    assert_eq!((&upgrade["kind"], &upgrade["protocol"]), (&"upgrade".into(), &"websocket".into()));
    assert_eq!(transactions("samples/connect-tunnel.pcap")[0]["upgrade"]["kind"], "tunnel");
    let chunked = &transactions("samples/chunked-trailers.pcap")[0];
    assert_eq!(chunked["response"]["framing"], "chunked");
    assert_eq!(chunked["response"]["trailers"][0][0], "Server-Timing");
    let short = &transactions("samples/truncated-body.pcap")[0];
    assert_eq!(
        (&short["response_complete"], &short["response_body_bytes"]),
        (&false.into(), &1200.into())
    );
    let smuggled = &transactions("samples/smuggling.pcap")[0];
    assert!(smuggled["request"]["flaws"].as_array().unwrap().contains(&"length-and-coding".into()));
    let ends: Vec<Value> = records("samples/no-answers.pcap");
    let ends: BTreeSet<&str> = ends.iter().filter_map(|record| record["end"].as_str()).collect();
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), ["open", "refused", "unanswered"]);
    let cut = records("samples/cut-off.pcap");
    let summary = cut.last().unwrap();
    assert_eq!(summary["damaged"], true);
    assert!(summary["inputs"][0]["damages"][0]["offset"].as_u64().unwrap() > 0);
}

#[test]
fn what_failed_is_what_took_place() {
    for (sample, failed, key, count) in [
        ("502-refused", 1, "/statuses/502", 1),
        ("504-timeout", 2, "/statuses/504", 1),
        ("504-timeout", 2, "/unanswered/fin", 1),
        ("truncated-body", 1, "/cut_short", 1),
        ("reset-before-response", 1, "/unanswered/reset", 1),
        // Nobody can tell what would have come: these did not fail.
        ("no-answers", 0, "/unanswered/capture_end", 1),
        ("no-answers", 0, "/endings/refused", 1),
        ("no-answers", 0, "/endings/unanswered", 1),
        ("one-sided", 0, "/orphans", 3),
        ("tls-and-http2", 0, "/undecoded/tls", 1),
        ("tls-and-http2", 0, "/undecoded/http2", 1),
        ("hello", 0, "/cut_short", 0),
    ] {
        let records = records(&format!("samples/{sample}.pcap"));
        let summary = records.last().unwrap();
        assert_eq!(summary["failed"], failed, "{sample}: {summary}");
        assert_eq!(summary.pointer(key), Some(&Value::from(count)), "{sample}: {summary}");
    }
}

#[test]
fn the_same_capture_gives_the_same_octets() {
    for name in captures() {
        let first = exported(open(&name), "jsonl", OPTIONS);
        assert!(first == exported(open(&name), "jsonl", OPTIONS), "{name}");
    }
}

/// Whether a value is as a schema says. Knows the keywords that our schema uses and no other: one
/// that it does not know is an error, so that none is passed over.
fn holds(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    for (keyword, demand) in schema.as_object().expect("a schema is an object") {
        let fine = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let name = demand.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                let target = root["$defs"].get(name).expect("a definition");
                holds(root, target, value)?;
                true
            }
            "const" => value == demand,
            "enum" => demand.as_array().unwrap().contains(value),
            "type" => match demand {
                Value::Array(types) => types.iter().any(|one| is(one, value)),
                one => is(one, value),
            },
            "minimum" => value.as_u64().is_none_or(|value| value >= demand.as_u64().unwrap()),
            "minItems" => length(value).is_none_or(|length| length >= demand.as_u64().unwrap()),
            "maxItems" => length(value).is_none_or(|length| length <= demand.as_u64().unwrap()),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    holds(root, demand, item)?;
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = demand.get(name) {
                        holds(root, schema, member).map_err(|wrong| format!("{name}: {wrong}"))?;
                    }
                }
                true
            }
            "required" => {
                let mut names =
                    demand.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                let object = value.as_object();
                let missing =
                    object.and_then(|object| names.find(|name| !object.contains_key(*name)));
                if let Some(missing) = missing {
                    return Err(format!("{missing} is missing"));
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                for (name, member) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.get(name).is_some()) {
                        continue;
                    }
                    if demand == &Value::Bool(false) {
                        return Err(format!("{name} is not in the schema"));
                    }
                    holds(root, demand, member)?;
                }
                true
            }
            "anyOf" => demand.as_array().unwrap().iter().any(|one| holds(root, one, value).is_ok()),
            "oneOf" => {
                let of = demand.as_array().unwrap().iter();
                of.filter(|one| holds(root, one, value).is_ok()).count() == 1
            }
            other => panic!("the keyword {other} is not checked"),
        };
        if !fine {
            return Err(format!("{value} is not as {keyword} {demand} says"));
        }
    }
    Ok(())
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

#[test]
fn the_checker_refuses_what_is_wrong() {
    let schema = schema();
    let good = records("samples/hello.pcap").remove(0);
    assert!(holds(&schema, &schema, &good).is_ok());
    let mut wrongs = vec![good.clone(); 5];
    wrongs[0]["status"] = "200".into();
    wrongs[1]["extra"] = 1.into();
    wrongs[2].as_object_mut().unwrap().remove("host");
    wrongs[3]["request"]["framing"] = "guess".into();
    wrongs[4]["request_headers"][0] = serde_json::json!(["Host"]);
    for wrong in wrongs {
        assert!(holds(&schema, &schema, &wrong).is_err(), "{wrong}");
    }
}
