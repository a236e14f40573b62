//! What a sink relies on while a capture is being read: that time goes on where the link is quiet,
//! that it is asked whether to go on, and that what it is told of the progress is true.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it needs has failed")]

mod support;

use std::ops::ControlFlow;

use httpwhy::capture::{Capture, Input, Next, Reading, Source};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::limits;
use httpwhy::pipeline::{self, Options, Outcome, Progress, Sink};
use httpwhy::snapshot::Drops;
use httpwhy::units::{Duration, Timestamp};
use support::export::{captured, open};
use support::script::{Connection, Script};

/// A link on which nothing happens behind a capture, for so many steps of some seconds.
struct QuietBehind {
    capture: Capture,
    last: Timestamp,
    steps: u32,
    step: Duration,
}

impl QuietBehind {
    fn new(capture: Capture, steps: u32, step: Duration) -> Self {
        Self { capture, last: Timestamp::default(), steps, step }
    }
}

impl Source for QuietBehind {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        match self.capture.next()? {
            Some(packet) => {
                self.last = packet.at;
                Ok(Next::Packet(packet))
            }
            None if self.steps == 0 => Ok(Next::End),
            None => {
                self.steps -= 1;
                self.last = self.last.plus(self.step);
                Ok(Next::Quiet { now: Some(self.last) })
            }
        }
    }

    fn inputs(&self) -> Vec<&Input> {
        self.capture.inputs().collect()
    }

    fn reading(&self) -> Reading {
        Source::reading(&self.capture)
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// Notes the kinds of records and what was told in between.
#[derive(Default)]
struct Notes {
    exchanges: usize,
    verdicts: usize,
    connections: usize,
    /// Exchanges and verdicts known at each pause, and the time by then.
    quiet: Vec<(usize, usize, Timestamp)>,
    readings: Vec<Reading>,
    drops: Drops,
    break_at_pause: bool,
    break_at_record: bool,
}

impl Sink<Error> for Notes {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, Error> {
        match record {
            Record::Exchange(..) => self.exchanges += 1,
            Record::Verdict(_) => self.verdicts += 1,
            Record::Connection(_) => self.connections += 1,
            Record::Stray(_) | Record::Finding(_) => {}
        }
        Ok(if self.break_at_record { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn pause(&mut self, progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        if progress.is_quiet {
            self.quiet.push((self.exchanges, self.verdicts, progress.now.unwrap()));
        }
        assert_eq!(progress.statistics.exchanges, self.exchanges as u64);
        self.readings.push(progress.reading);
        self.drops = progress.drops;
        Ok(if self.break_at_pause { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

fn drive(source: &mut impl Source, notes: &mut Notes) -> Outcome {
    pipeline::drive(source, Options::default(), notes).unwrap()
}

#[test]
fn verdicts_come_out_while_the_link_is_quiet() {
    let sample = "samples/502-refused.pcap";
    let mut at_the_end = Notes::default();
    drive(&mut open(sample), &mut at_the_end);
    assert!(at_the_end.verdicts > 0);

    let wait = limits::EVIDENCE_WAIT;
    let step = Duration::from_millis(100);
    let mut notes = Notes::default();
    let steps = u32::try_from(wait.as_nanos() / step.as_nanos()).unwrap() + 20;
    let outcome = drive(&mut QuietBehind::new(open(sample), steps, step), &mut notes);
    assert!(notes.quiet.first().unwrap().1 < at_the_end.verdicts, "some had to wait");
    let (exchanges, verdicts, now) = *notes.quiet.last().unwrap();
    assert_eq!((exchanges, verdicts), (at_the_end.exchanges, at_the_end.verdicts));
    assert!(now.since(outcome.summary.last.unwrap()) > wait, "the clock went on");
    assert!(outcome.summary.balances());
    assert!(!outcome.summary.stopped);
}

#[test]
fn whoever_watches_need_not_wait_for_the_end_of_every_connection() {
    // Client, proxy and upstream on one machine: each failure may be part of one that is still to come.
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let seconds = Duration::from_secs;
    let asked = Connection::new("127.0.0.1:4000", "127.0.0.1:80")
        .client_says(get)
        .server_says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        .after(seconds(1));
    let refused = Connection::new("127.0.0.1:4001", "127.0.0.1:9")
        .opening(support::script::Opening::Refused)
        .begins(Duration::from_millis(500));
    let script = Script { connections: vec![asked, refused] };
    let step = Duration::from_millis(100);
    let mut notes = Notes::default();
    let outcome = drive(&mut QuietBehind::new(captured(&script), 200, step), &mut notes);
    let known = notes.quiet.iter().find(|(_, verdicts, _)| *verdicts == 1);
    let waited = known.expect("a verdict while it is quiet").2.since(outcome.summary.last.unwrap());
    let most = limits::EVIDENCE_WAIT_LIVE.as_nanos() + seconds(2).as_nanos();
    assert!(waited.as_nanos() <= most, "{waited}");
    assert_eq!(notes.verdicts, 1);
}

#[test]
fn a_request_that_nobody_answers_comes_out_while_the_link_is_quiet() {
    let connection = Connection::new("10.0.0.1:4000", "10.0.0.2:80")
        .client_says("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let script = Script::from(connection);
    let mut notes = Notes::default();
    let step = Duration::from_secs(30);
    drive(&mut QuietBehind::new(captured(&script), 40, step), &mut notes);
    let answered = notes.quiet.iter().position(|(exchanges, ..)| *exchanges == 1).unwrap();
    let waited = u32::try_from(answered).unwrap() + 1;
    let longest = limits::IDLE_WAITING.as_nanos() / step.as_nanos();
    // A second of rounding either way.
    assert!((longest..=longest + 1).contains(&waited.into()), "{waited} steps");
}

#[test]
fn a_break_between_records_ends_the_capture_and_one_at_a_record_ends_everything() {
    let connections = vec![
        Connection::new("10.0.0.1:4000", "10.0.0.2:80")
            .client_says("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .server_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Connection::new("10.0.0.1:4001", "10.0.0.2:80")
            .client_says("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    let script = Script { connections };
    let quiet = |script| QuietBehind::new(captured(script), 1_000, Duration::from_millis(100));

    let mut notes = Notes { break_at_pause: true, ..Notes::default() };
    let outcome = drive(&mut quiet(&script), &mut notes);
    assert_eq!(notes.quiet.len(), 1, "stopped at the first pause");
    assert_eq!((notes.exchanges, notes.connections), (2, 2), "what was open is given out");
    assert!(!outcome.summary.stopped, "stopping is how a live capture ends");

    let mut notes = Notes { break_at_record: true, ..Notes::default() };
    let outcome = drive(&mut quiet(&script), &mut notes);
    assert_eq!((notes.exchanges, notes.connections), (1, 0), "nothing more is wanted");
    assert!(outcome.summary.stopped);
}

#[test]
fn a_file_is_never_quiet_and_its_progress_reaches_its_size() {
    let mut frames = support::pcap::header(1);
    for number in 0..10_000_u32 {
        for field in [number, 0, 60, 60] {
            frames.extend_from_slice(&field.to_le_bytes());
        }
        frames.extend_from_slice(&[0; 60]);
    }
    let path = std::env::temp_dir().join(format!("httpwhy-progress-{}.pcap", std::process::id()));
    std::fs::write(&path, &frames).unwrap();
    let mut notes = Notes::default();
    let mut capture = Capture::open(&[&path]).unwrap();
    let outcome = drive(&mut capture, &mut notes);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(outcome.summary.packets, 10_000);
    assert!(notes.quiet.is_empty());
    let size = Some(frames.len() as u64);
    assert!(notes.readings.len() >= 2);
    assert!(notes.readings.iter().all(|reading| reading.size == size));
    assert!(notes.readings.iter().is_sorted_by_key(|reading| reading.octets));
    assert_eq!(Source::reading(&capture), Reading { octets: frames.len() as u64, size });
    assert_eq!(notes.drops, Drops::default());
    assert_eq!(outcome.summary.drops.total(), None, "nobody counted, which is not zero");

    let mut notes = Notes { break_at_pause: true, ..Notes::default() };
    std::fs::write(&path, &frames).unwrap();
    let outcome = drive(&mut Capture::open(&[&path]).unwrap(), &mut notes);
    std::fs::remove_file(&path).unwrap();
    assert!(outcome.summary.stopped, "not the whole of the file");
}
