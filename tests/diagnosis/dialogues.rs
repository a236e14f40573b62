//! Conversations written by hand: every cause once as it must be found, and the cases in which it is
//! easily taken for another. The proxy has one address here, 10.9.1.1, on both legs.

use std::convert::Infallible;

use httpwhy::diagnosis::{CAUSES, Confidence, Verdict};
use httpwhy::engine::{Clock, Collector, Record, Shard};
use httpwhy::flow::Mark;
use httpwhy::units::Timestamp;
use httpwhy::wire::Flags;

use super::support::{dialogue, packets};

/// Verdicts of a dialogue, in the order in which they come.
fn verdicts(text: &str) -> Vec<Verdict> {
    verdicts_on(&segments(text))
}

fn segments(text: &str) -> Vec<packets::Segment> {
    let script = dialogue::parse(text).unwrap_or_else(|mistake| panic!("{mistake}\n{text}"));
    packets::segments(&script, &packets::Stacks::default())
}

fn verdicts_on(segments: &[packets::Segment]) -> Vec<Verdict> {
    let (mut shard, mut collector) = (Shard::default(), Collector::default());
    let (mut clock, mut last) = (Clock::default(), Mark::default());
    let mut found = Vec::new();
    let mut sink = |record: Record<'_>| -> Result<(), Infallible> {
        if let Record::Verdict(verdict) = record {
            found.push(verdict.clone());
        }
        Ok(())
    };
    for (index, segment) in segments.iter().enumerate() {
        let number = index as u64 + 1;
        last = Mark { at: segment.at, packet: number };
        let tick = clock.passes(segment.at);
        if tick {
            shard.tick(last);
        }
        shard.segment(&segment.as_wire(number));
        let Ok(()) = collector.take(shard.events(), &mut sink);
        if tick {
            let Ok(()) = collector.tick(last.at, &mut sink);
        }
    }
    shard.finish(last);
    let Ok(()) = collector.take(shard.events(), &mut sink);
    let Ok(()) = collector.finish(&mut sink);
    for verdict in &found {
        let numbers: Vec<u64> = verdict.evidence.iter().map(|one| one.mark.packet).collect();
        assert!(numbers.is_sorted() && !numbers.is_empty(), "{numbers:?}");
        assert!(numbers.iter().all(|number| (1..=last.packet).contains(number)), "{numbers:?}");
        assert!(CAUSES.contains(&verdict.cause));
    }
    found
}

fn named(text: &str) -> Vec<(&'static str, Option<String>, Confidence)> {
    let name = |verdict: Verdict| {
        (verdict.cause.id, verdict.upstream.map(|one| one.to_string()), verdict.confidence)
    };
    verdicts(text).into_iter().map(name).collect()
}

/// A client's exchange: port, when it begins, what it asks, after how long it gets what.
fn client(port: u16, begins: &str, target: &str, after: &str, status: &str) -> String {
    format!(
        "=== 10.9.1.2:{port} 10.9.1.1:80 {begins}\n>>>\nGET {target} HTTP/1.1\nHost: shop.example\n\n\
         <<< {after}\nHTTP/1.1 {status}\nContent-Length: 2\n\nok\\\n"
    )
}

/// An upstream connection that is asked and then does `what`.
fn upstream(port: u16, begins: &str, target: &str, what: &str) -> String {
    format!(
        "=== 10.9.1.1:{port} 10.9.2.2:9001 {begins}\n>>>\nGET {target} HTTP/1.1\nHost: shop.example\n\n{what}"
    )
}

const BAD: &str = "502 Bad Gateway";

#[test]
fn a_connection_that_was_accepted_late_is_told_whatever_comes_behind_it() {
    let mut text = client(50_000, "+3s", "/late", "+10ms", "200 OK");
    for nth in 0..300 {
        text += &client(50_001 + nth, &format!("+{}ms", 3_100 + nth), "/soon", "+1ms", "200 OK");
    }
    let mut segments = segments(&text);
    let mut lost = segments[0].clone();
    assert!(lost.flags.has(Flags::SYN), "the capture begins with a SYN");
    lost.at = Timestamp::from_nanos(lost.at.as_nanos() - 3_000_000_000);
    segments.insert(0, lost);
    let verdicts = verdicts_on(&segments);
    let causes: Vec<&str> = verdicts.iter().map(|verdict| verdict.cause.id).collect();
    assert_eq!(causes, ["slow-accept"]);
    assert_eq!(verdicts[0].transaction, 1);
}

#[test]
fn each_way_to_fail_is_named() {
    for (what, cause) in [
        ("<<< +20ms fin\n", "upstream-closed-before-response"),
        ("<<< +50ms rst\n", "upstream-reset"),
        ("<<< +20ms fin\nHTTP/1.1 200 OK\nContent-Le\\\n", "upstream-closed-mid-header"),
        (
            "<<< +20ms fin\nHTTP/1.1 200 OK\nContent-Length: 9\n\nhalf\\\n",
            "upstream-truncated-body",
        ),
        (">>> +90ms fin\n", "upstream-timeout"),
        ("<<< +20ms\n-ERR unknown command\n>>> fin\n", "upstream-invalid-response"),
        ("<<< +20ms\n\\x15\\x03\\x01\\0\\x02\\x02\\x46\\\n>>> fin\n", "upstream-spoke-tls"),
        (
            "<<< +20ms\nHTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nok\\\n>>> fin\n",
            "upstream-response-rejected",
        ),
        (
            "<<< +20ms\nHTTP/1.1 200 OK\nX-Big: \\x61{9000}\nContent-Length: 2\n\nok\\\n",
            "upstream-response-rejected",
        ),
        (
            "<<< +20ms\nHTTP/1.1 502 Bad Gateway\nContent-Length: 2\n\nno\\\n",
            "upstream-error-relayed",
        ),
    ] {
        let text = client(50001, "+1ms", "/orders/42", "+100ms", BAD)
            + &upstream(40001, "+2ms", "/orders/42", what);
        let expected = [(cause, Some("10.9.2.2:9001".to_owned()), Confidence::High)];
        assert_eq!(named(&text), expected, "{text}");
    }
}

#[test]
fn a_connection_that_was_not_made_is_named() {
    let text = client(50001, "+1ms", "/a", "+2ms", BAD)
        + "=== 10.9.1.1:40001 10.9.2.2:9001 +1500us refused\n";
    assert_eq!(
        named(&text),
        [("upstream-refused", Some("10.9.2.2:9001".to_owned()), Confidence::High)]
    );
    let text = client(50001, "+1ms", "/a", "+4s", "504 Gateway Timeout")
        + "=== 10.9.1.1:40001 10.9.2.2:9001 +1500us unanswered=2\n";
    let expected = ("upstream-connect-timeout", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&text), [expected]);
}

#[test]
fn a_kept_connection_that_closes_as_it_is_used_is_a_race() {
    let first =
        client(50001, "+1ms", "/a", "+9ms", "200 OK") + &client(50002, "+500ms", "/b", "+9ms", BAD);
    let race = upstream(
        40001,
        "+2ms",
        "/a",
        "<<< +2ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n>>> +498ms\nGET /b HTTP/1.1\nHost: shop.example\n\n<<< rst\n",
    );
    let expected = ("stale-keepalive", Some("10.9.2.2:9001".to_owned()), Confidence::Medium);
    // The stacks of dialogues acknowledge every request by itself.
    assert_eq!(named(&(first + &race)), [expected]);
}

#[test]
fn rewritten_paths_are_joined() {
    let text = client(50001, "+1ms", "/shop/orders/42?x=1", "+100ms", BAD)
        + &upstream(40001, "+2ms", "/orders/42?x=1", "<<< +20ms fin\n");
    let expected =
        ("upstream-closed-before-response", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&text), [expected]);
}

#[test]
fn two_failures_in_a_crowd_are_told_apart() {
    let mut text = String::new();
    for n in 0..20_u16 {
        let target = format!("/items/{n}");
        let begins = format!("+{}us", 1000 + 10 * n);
        let later = format!("+{}us", 2000 + 10 * n);
        let (status, what) = match n {
            7 => (BAD, "<<< +20ms fin\n"),
            13 => (BAD, "<<< +50ms rst\n"),
            _ => ("200 OK", "<<< +20ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n"),
        };
        text += &client(50000 + n, &begins, &target, "+60ms", status);
        text += &upstream(40000 + n, &later, &target, what);
    }
    let upstream = Some("10.9.2.2:9001".to_owned());
    let mut found = named(&text);
    found.sort_by_key(|found| found.0);
    assert_eq!(
        found,
        [
            ("upstream-closed-before-response", upstream.clone(), Confidence::High),
            ("upstream-reset", upstream, Confidence::High),
        ]
    );
}

#[test]
fn a_retry_that_succeeds_is_told() {
    let text = client(50001, "+1ms", "/orders/42", "+100ms", "200 OK")
        + "=== 10.9.1.1:40001 10.9.2.2:9001 +2ms refused\n"
        + &upstream(
            40002,
            "+3ms",
            "/orders/42",
            "<<< +20ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n",
        )
        .replace("10.9.2.2:9001", "10.9.2.3:9001");
    let expected = ("retry-hidden", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&text), [expected]);
}

#[test]
fn two_hops_have_a_verdict_each() {
    let text = client(50001, "+1ms", "/orders/42", "+100ms", BAD)
        + &upstream(
            40001,
            "+2ms",
            "/orders/42",
            "<<< +80ms\nHTTP/1.1 502 Bad Gateway\nContent-Length: 2\n\nno\\\n",
        )
        + "=== 10.9.2.2:41001 10.9.3.3:9002 +3ms\n>>>\nGET /orders/42 HTTP/1.1\nHost: shop.example\n\n<<< +20ms fin\n";
    let mut found = named(&text);
    found.sort_by_key(|found| found.0);
    assert_eq!(
        found,
        [
            ("upstream-closed-before-response", Some("10.9.3.3:9002".to_owned()), Confidence::High),
            ("upstream-error-relayed", Some("10.9.2.2:9001".to_owned()), Confidence::High),
        ]
    );
}

#[test]
fn what_is_not_in_the_capture_is_not_guessed() {
    let alone = client(50001, "+1ms", "/a", "+9ms", BAD);
    assert_eq!(named(&alone), [("upstream-leg-not-captured", None, Confidence::Medium)]);
    // The proxy's connections are there, but none for this request.
    let other = client(50002, "+500ms", "/b", "+60ms", "200 OK")
        + &upstream(
            40002,
            "+502ms",
            "/b",
            "<<< +9ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n",
        );
    assert_eq!(named(&(alone + &other)), [("no-upstream-attempt", None, Confidence::High)]);
    // Octets of the upstream were lost: its silence proves nothing.
    let lost = client(50001, "+1ms", "/a", "+900ms", BAD)
        + &upstream(40001, "+2ms", "/a", "<>< +20ms 100\n<<< +500ms fin\n");
    assert!(named(&lost).iter().all(|found| found.2 < Confidence::High));
}

#[test]
fn a_client_that_leaves_is_to_blame_itself() {
    let text = "=== 10.9.1.2:50001 10.9.1.1:80 +1ms\n>>>\nGET /slow HTTP/1.1\nHost: shop.example\n\n>>> +500ms fin\n<<< +1ms fin\n"
        .to_owned()
        + &upstream(40001, "+2ms", "/slow", ">>> +502ms fin\n<<< fin\n");
    let expected = ("client-gave-up", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&text), [expected]);
}

#[test]
fn two_failed_tries_are_one_hidden_retry() {
    let text = client(50001, "+1ms", "/orders/42", "+100ms", "200 OK")
        + "=== 10.9.1.1:40001 10.9.2.2:9001 +2ms refused\n"
        + "=== 10.9.1.1:40002 10.9.2.4:9001 +3ms refused\n"
        + &upstream(
            40003,
            "+4ms",
            "/orders/42",
            "<<< +20ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n",
        )
        .replace("10.9.2.2:9001", "10.9.2.3:9001");
    let found = named(&text);
    assert_eq!(found.iter().map(|found| found.0).collect::<Vec<_>>(), ["retry-hidden"]);
}

#[test]
fn a_storm_of_failures_is_explained_one_by_one() {
    let mut text = String::new();
    for n in 0..1_000_u16 {
        let target = format!("/items/{n}");
        text += &client(20000 + n, &format!("+{}us", 1000 + n), &target, "+90ms", BAD);
        text += &upstream(40000 + n, &format!("+{}us", 3000 + n), &target, "<<< +50ms fin\n");
    }
    let found = named(&text);
    assert_eq!(found.len(), 1_000);
    assert!(found.iter().all(|found| found.0 == "upstream-closed-before-response"));
}

#[test]
fn a_storm_that_hangs_is_explained_in_time() {
    // Everybody waits at the same time, and for the same: what grows with the square of it would not end.
    let mut text = String::new();
    for n in 0..2_000_u16 {
        let began = format!("+{}us", 1000 + u32::from(n) * 300);
        let carried = format!("+{}us", 1100 + u32::from(n) * 300);
        text += &client(20000 + n, &began, "/cart", "+2s", "504 Gateway Timeout");
        text += &upstream(40000 + n, &carried, "/cart", ">>> +1999ms fin\n");
    }
    let begun = std::time::Instant::now();
    let found = named(&text);
    assert_eq!(found.len(), 2_000);
    let odd = found.iter().find(|found| found.0 != "upstream-timeout");
    assert_eq!(odd, None);
    // A few seconds, by a slow machine and without optimisation.
    assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{:?}", begun.elapsed());
}

#[test]
fn a_verdict_waits_for_connections_that_are_still_open() {
    // The upstream never closes, and the capture goes on for long: what it did comes out last.
    let ok = "<<< +9ms\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok\\\n";
    let later =
        client(50002, "+60s", "/b", "+60ms", "200 OK") + &upstream(40002, "+60010ms", "/b", ok);
    let mute = client(50001, "+1ms", "/a", "+1s", "504 Gateway Timeout")
        + &upstream(40001, "+2ms", "/a", ">>> +998ms fin\n");
    let expected = ("upstream-timeout", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&(mute + &later)), [expected]);
    // A second try that is still open is the one that counts.
    let second = client(50001, "+1ms", "/a", "+1s", "504 Gateway Timeout")
        + "=== 10.9.1.1:40000 10.9.2.4:9001 +2ms refused\n"
        + &upstream(40001, "+3ms", "/a", ">>> +997ms fin\n");
    let expected = ("upstream-timeout", Some("10.9.2.2:9001".to_owned()), Confidence::High);
    assert_eq!(named(&(second + &later)), [expected]);
}
