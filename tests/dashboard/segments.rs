//! Every segment of a connection, as the dashboard shows them.

use std::sync::Arc;

use httpwhy::capture::Capture;
use httpwhy::dashboard::{App, Effect, Options, Wanted};
use httpwhy::flow::Trace;
use httpwhy::wire::{Decoded, Decoder};

use super::screen::{picture, press, snapshot};
use super::support::export::open;

fn opened(sample: &str, options: Options) -> App {
    let mut app = App::new(options);
    app.update(Arc::new(snapshot(open(&format!("samples/{sample}")))), None);
    app
}

/// What the program answers a wish with.
fn read(sample: &str, wanted: Wanted) -> Trace {
    let mut trace = Trace::new(wanted.client, wanted.server, wanted.focus);
    let mut capture: Capture = open(&format!("samples/{sample}"));
    let mut decoder = Decoder::new();
    while let Some(packet) = capture.next().unwrap() {
        if let Decoded::Segment(segment) = decoder.decode(&packet)
            && packet.number >= wanted.connection
        {
            trace.push(&segment);
        }
    }
    trace
}

#[test]
fn o_shows_every_segment_of_the_connection() {
    let sample = "retransmits-and-loss.pcap";
    let file = Options { source: sample.to_owned(), again: true, ..Options::default() };
    let mut app = opened(sample, file);
    let Some(Effect::Trace(wanted)) = press(&mut app, "2o") else { panic!("nothing is wanted") };
    assert!(picture(&mut app, 120, 36).contains("being read again"));
    app.trace(wanted.connection + 1, Err("of another one".to_owned()));
    assert!(picture(&mut app, 120, 36).contains("being read again"));
    let trace = read(sample, wanted);
    let odd: usize = trace.steps().iter().map(|step| step.oddities.len()).sum();
    assert!(odd > 0);
    app.trace(wanted.connection, Ok(trace));
    for (columns, rows) in [(120, 60), (100, 60)] {
        let shown = picture(&mut app, columns, rows);
        for word in ["client →", "server ←", "SYN ACK", "▲ retransmission", "Connection 3 "] {
            assert!(shown.contains(word), "{word}: {shown}");
        }
    }
    // The first packet of the exchange is selected; n goes to what is odd, Esc back to the list.
    let shown = picture(&mut app, 120, 36);
    let first = shown.lines().find(|line| line.contains('▸')).unwrap();
    assert!(first.contains(&format!("#{}", wanted.focus)), "{first}");
    press(&mut app, "n");
    let shown = picture(&mut app, 120, 36);
    let next = shown.lines().find(|line| line.contains('▸')).unwrap();
    assert!(next.contains('▲'), "{next}");
    press(&mut app, "GggjkN");
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("oldest first"));
    // Enter lists what is on it, and from the connections it is opened too.
    press(&mut app, "o⏎");
    assert!(picture(&mut app, 120, 36).contains("= connection "));
    assert!(matches!(press(&mut app, "4o"), Some(Effect::Trace(_))));
    for (columns, rows) in [(60, 14), (40, 10), (20, 5), (1, 1)] {
        assert!(!picture(&mut app, columns, rows).trim().is_empty());
    }
}

#[test]
fn where_no_packets_are_kept_that_is_said_and_what_is_known() {
    let options = Options { source: "lo".to_owned(), live: true, ..Options::default() };
    let mut app = opened("retransmits-and-loss.pcap", options);
    assert_eq!(press(&mut app, "2⏎o"), None);
    let shown = picture(&mut app, 120, 36);
    for word in ["Save them with -w FILE", "handshake ", "sent again", "exchange: packets #"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("exchange #"));
}
