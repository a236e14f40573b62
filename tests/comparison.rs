//! Two captures compared: what `httpwhy diff` and the library say about a release that got worse,
//! that got better, and that did not change.

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;

use httpwhy::comparison::{Comparison, Difference, Profile, Trend, compare};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::pipeline;
use httpwhy::units::Duration;
use support::export::captured;
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::script::{Connection, Script, Side};

/// What a release does to three endpoints.
#[derive(Clone, Copy)]
struct Release {
    /// Of 100 checkouts, so many fail.
    failing: u64,
    /// Microseconds that a cart takes.
    cart: u64,
    /// Whether answers say which server they come from.
    says_server: bool,
}

const OLD: Release = Release { failing: 1, cart: 5_000, says_server: true };

/// 300 exchanges: 100 of each endpoint, latencies scattered by 40 %.
fn traffic(release: Release, seed: u64) -> Script {
    let mut random = support::random::Random::new(seed);
    let mut connection = Connection::new("10.9.1.2:49690", "10.9.1.1:80");
    for number in 0..300_u64 {
        let (line, micros, fails) = match number % 3 {
            0 => ("POST /checkout".to_owned(), 9_000, number / 3 < release.failing),
            1 => (format!("GET /cart/{number}"), release.cart, false),
            _ => ("GET /".to_owned(), 1_000, false),
        };
        let scattered = micros * (random.between(80, 119) as u64) / 100;
        let status = if fails { "502 Bad Gateway" } else { "200 OK" };
        let server = if release.says_server { "Server: shop/1\r\n" } else { "" };
        connection = connection
            .client_says(format!("{line} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
            .server_says(format!("HTTP/1.1 {status}\r\n{server}Content-Length: 0\r\n\r\n"))
            .after(Duration::from_nanos(scattered * 1_000));
    }
    connection.closed_by(Side::Client).into()
}

fn profile(script: &Script) -> Profile {
    let mut profile = Profile::default();
    pipeline::run::<Error>(&mut captured(script), pipeline::Options::default(), |record| {
        match record {
            Record::Exchange(_, exchange) => profile.exchange(exchange),
            Record::Verdict(verdict) => profile.verdict(verdict),
            Record::Finding(finding) => profile.finding(finding),
            Record::Stray(_) | Record::Connection(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    profile
}

fn compared(before: Release, after: Release) -> Comparison {
    compare(&profile(&traffic(before, 1)), &profile(&traffic(after, 2)))
}

fn at<'c>(comparison: &'c Comparison, path: &str) -> &'c Difference {
    let is = |one: &&Difference| one.place.as_ref().is_some_and(|place| &*place.path == path);
    comparison.endpoints.iter().find(is).unwrap_or_else(|| panic!("{path}"))
}

#[test]
fn the_same_release_is_no_different() {
    let comparison = compared(OLD, OLD);
    for endpoint in comparison.endpoints.iter().chain([&comparison.total]) {
        assert_eq!((endpoint.failures, endpoint.latency), (None, None), "{endpoint:?}");
        assert!(endpoint.fields_gone.is_empty() && endpoint.fields_new.is_empty());
    }
    assert_eq!(comparison.endpoints.len(), 3);
    assert!(comparison.causes.iter().all(|cause| cause.trend.is_none()));
    assert!(comparison.findings.iter().all(|finding| finding.trend.is_none()));
}

#[test]
fn what_fails_more_or_is_slower_is_named_and_nothing_else() {
    let comparison = compared(OLD, Release { failing: 20, cart: 8_000, says_server: false });
    let checkout = at(&comparison, "/checkout");
    assert_eq!((checkout.failures, checkout.latency), (Some(Trend::Worse), None));
    let after = checkout.after.as_ref().unwrap();
    assert_eq!((after.exchanges, after.failed), (100, 20));
    assert_eq!(after.statuses, [(200, 80), (502, 20)]);
    let cart = at(&comparison, "/cart/{}");
    assert_eq!((cart.failures, cart.latency), (None, Some(Trend::Worse)));
    assert!(cart.slower_share.unwrap() > 0.99);
    let (was, is) = (cart.before.as_ref().unwrap().p50, cart.after.as_ref().unwrap().p50);
    let ratio = is.unwrap().as_nanos() as f64 / was.unwrap().as_nanos() as f64;
    assert!((1.5..1.7).contains(&ratio), "{ratio}");
    let front = at(&comparison, "/");
    assert_eq!((front.failures, front.latency), (None, None));
    for endpoint in &comparison.endpoints {
        assert_eq!(endpoint.fields_gone, [Box::from("server")]);
    }
    // The worst stands first: what fails before what is slow.
    let order: Vec<&str> =
        comparison.endpoints.iter().map(|one| &*one.place.as_ref().unwrap().path).collect();
    assert_eq!(order, ["/checkout", "/cart/{}", "/"]);
}

#[test]
fn what_got_better_is_no_alarm() {
    let old = Release { failing: 20, cart: 8_000, ..OLD };
    let comparison = compared(old, OLD);
    assert!(at(&comparison, "/checkout").is_better());
    assert!(at(&comparison, "/cart/{}").is_better());
    assert!(comparison.endpoints.iter().all(|endpoint| !endpoint.is_worse()));
}

fn file(script: &Script, name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let made = segments(script, &Stacks::default());
    fs::write(&path, pcap::pcap(&frames(&made, &Encapsulation::ethernet()))).unwrap();
    path
}

#[test]
fn a_release_can_be_held_by_the_exit_code() {
    let old = file(&traffic(OLD, 1), "comparison-old.pcap");
    let same = file(&traffic(OLD, 2), "comparison-same.pcap");
    let slow = file(&traffic(Release { cart: 9_000, ..OLD }, 3), "comparison-slow.pcap");
    let diff = |after: &PathBuf, fail_on: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
            .args(["diff", "--fail-on", fail_on])
            .args([&old, after])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(diff(&same, "any").0, Some(0));
    assert_eq!(diff(&slow, "failures,causes,findings").0, Some(0));
    let (code, page) = diff(&slow, "failures,slower");
    assert_eq!(code, Some(4));
    assert!(page.contains("✖ slower   GET /cart/{}   100 → 100   0 % → 0 %"), "{page}");
    assert!(
        page.contains("1 worse   0 better   0 new   0 gone   2 not measurably different"),
        "{page}"
    );
    assert_eq!(diff(&slow, "nonsense").0, Some(2));
}

#[test]
fn records_are_json_with_the_same_keys() {
    let before = file(&traffic(OLD, 1), "comparison-records-before.pcap");
    let output = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["diff", "--json"])
        .args([before.as_os_str(), "samples/502-refused.pcap".as_ref()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let records: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| -> Vec<&serde_json::Value> {
        records.iter().filter(|record| record["type"] == kind).collect()
    };
    assert_eq!(of("comparison").len(), 1);
    assert_eq!(of("endpoint").len(), 4);
    let keys = |record: &serde_json::Value| -> Vec<String> {
        record.as_object().unwrap().keys().cloned().collect()
    };
    for endpoint in of("endpoint") {
        assert_eq!(keys(endpoint), keys(of("endpoint")[0]));
        // What is on one side only is null on the other, not zero.
        let new = endpoint["path"] == "/orders/{}";
        assert_eq!(endpoint["before"].is_null(), new);
        assert_eq!(endpoint["after"].is_null(), !new);
        assert!(endpoint["latency_chance"].is_null());
    }
    let cause = of("cause")[0];
    assert_eq!((&cause["id"], &cause["trend"]), (&"upstream-refused".into(), &"worse".into()));
}
