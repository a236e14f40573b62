//! `httpwhy sniff`: packets in as they happen, one line an exchange out, and what it came to at the
//! end.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use clap::Args;
use httpwhy::capture::Source;
use httpwhy::engine::Record;
use httpwhy::export::Exporter;
use httpwhy::http::Protocol;
use httpwhy::limits;
use httpwhy::pipeline::{self, Outcome, Progress, Sink};
use httpwhy::snapshot::Drops;
use httpwhy::stats;
use httpwhy::units::{Count, Duration, Timestamp};

use super::pick::Picked;
use super::{Done, amount, analyze, complain, format, input, keep, live, output, select, tell};

/// How old a packet may be that the kernel has and this program has not.
const IN_FLIGHT: std::time::Duration = std::time::Duration::from_millis(50);

/// How long it may take to catch up with what happened before the end was asked for.
const LONGEST_DRAIN: std::time::Duration = std::time::Duration::from_secs(3);

/// How often losses are told while they happen, at most.
const TELLING: std::time::Duration = std::time::Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  httpwhy sniff -i any tcp port 8080                  all interfaces, tcpdump's filter language
  httpwhy sniff -i eth0 -Y 'status >= 500' --json     failures alone, as records
  httpwhy sniff -i eth0 -w trace.pcapng --rotate-size 100M --rotate-keep 10
  ssh host sudo tcpdump -U -s0 -w - | httpwhy sniff -
Ctrl-C ends it with a summary. httpwhy interfaces says whether you may capture.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    device: live::Device,
    /// A pipe or a growing file to read instead; - for standard input
    #[arg(short, long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Which packets to capture, as tcpdump has it: tcp port 8080. Without -i: what to read
    #[arg(value_name = "BPF")]
    words: Vec<String>,
    #[command(flatten)]
    wanted: format::Wanted,
    #[command(flatten)]
    select: select::Select,
    /// Exit with 4 if an exchange matches, as in 5xx, problems, 'ttfb > 2s', 'why = upstream-refused'
    #[arg(long, value_name = "EXPR")]
    fail_on: Option<String>,
    /// Stop after so many exchanges
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Stop after this time, as in 10s or 5m
    #[arg(long, value_name = "TIME", value_parser = amount::duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    memory: input::Memory,
    #[command(flatten)]
    keep: keep::Keep,
    #[command(flatten)]
    output: output::Destination,
    #[command(flatten)]
    streams: input::Streams,
    #[command(flatten)]
    talk: input::Talk,
    /// Accepted, as tcpdump has them: names are never looked up, lines are written at once
    #[arg(short, short_aliases = ['l', 'U'], overrides_with = "n")]
    n: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let format = arguments.wanted.choose("wide")?;
    let filter = arguments.select.compile()?;
    let gate = arguments.fail_on.as_deref().map(select::compile).transpose()?;
    let made = [arguments.output.made(), arguments.keep.made()].into_iter().flatten().collect();
    let told = !arguments.talk.is_quiet();
    let waits = |name: &str| {
        if told {
            tell(&format!("reading {name} as it comes; Ctrl-C stops"));
        }
    };
    let live::Opened { source, name } =
        arguments.device.open(&arguments.read, &arguments.words, made, waits)?;
    let stop = live::stop_flag()?;
    let mut out = arguments.output.open()?;
    let mut exporter = format.open(arguments.output.options());
    exporter.begin(&mut out).map_err(|error| out.refused(error))?;
    let mut shown = Shown {
        exporter,
        out,
        left: arguments.count.unwrap_or(u64::MAX),
        last: 0,
        failed: 0,
        shown: 0,
        begun: Instant::now(),
        until: arguments.duration,
        stop,
        ending: None,
        hasty: false,
        losses: told.then(Losses::default),
        saved: false,
        picked: None,
    };
    let by = analyze::grouped_by(format.name, &[]);
    let wanted = pipeline::Options {
        filter,
        gate,
        by,
        causes: format.causes,
        findings: format.findings,
        memory: arguments.memory.octets(),
        ..arguments.streams.options()
    };
    let force = arguments.output.force();
    let mut source = if wanted.filter.is_some() {
        let octets = wanted.memory.unwrap_or(limits::MEMORY);
        let source = arguments.device.buffer(source);
        let (source, picked) = arguments.keep.pick(source, force, octets)?;
        shown.picked = picked;
        source
    } else {
        shown.saved = arguments.keep.is_wanted();
        arguments.device.buffer(arguments.keep.save(source, force)?)
    };
    if told && arguments.device.is_interface() {
        tell(&format!("capturing on {name}; Ctrl-C stops"));
    }
    let outcome = shown.drive(&mut *source, wanted)?;
    drop(source);
    let stopped = shown.stop.load(Ordering::Relaxed);
    if told {
        shown.summarise(&outcome);
    }
    shown.end(&outcome)?;
    // Whoever stops also stops what writes to the pipe, in the middle of a packet.
    let done = match stopped {
        true => Done::Well,
        false => arguments.talk.tell(&outcome.summary),
    };
    let done =
        if arguments.device.is_interface() && done == Done::Damaged { Done::Gone } else { done };
    analyze::hurried(&outcome);
    Ok(if outcome.gated > 0 { Done::Matched } else { done })
}

/// Shows what comes, as it comes.
struct Shown {
    exporter: Box<dyn Exporter>,
    out: output::Output,
    /// Exchanges still to be shown.
    left: u64,
    /// Number of the last exchange that was shown.
    last: u64,
    failed: u64,
    shown: u64,
    begun: Instant,
    until: Option<Duration>,
    stop: Arc<AtomicBool>,
    /// Since when it is to end.
    ending: Option<Ending>,
    /// Whether it ended before everything was looked at that came in front of that.
    hasty: bool,
    /// `None`: nobody wants to hear of them.
    losses: Option<Losses>,
    /// Whether packets are saved before they are looked at.
    saved: bool,
    /// Learns whose packets are to be saved behind that.
    picked: Option<Picked>,
}

impl Sink<anyhow::Error> for Shown {
    fn record(&mut self, record: Record<'_>) -> anyhow::Result<ControlFlow<()>> {
        // Behind the last one comes what belongs to those that were shown, and nothing else.
        let is_beyond = match record {
            Record::Exchange(..) => self.left == 0,
            Record::Finding(finding) => {
                self.left == 0 && finding.transaction.is_none_or(|id| id > self.last)
            }
            Record::Verdict(verdict) => verdict.transaction > self.last,
            Record::Stray(_) | Record::Connection(_) => false,
        };
        if is_beyond {
            return Ok(ControlFlow::Continue(()));
        }
        if let Some(picked) = &self.picked {
            picked.record(record);
        }
        let Self { exporter, out, .. } = self;
        let written = match record {
            Record::Exchange(id, exchange) => {
                self.left -= 1;
                self.last = id;
                self.shown += 1;
                self.failed += u64::from(stats::Outcome::of(exchange).is_failure());
                exporter.exchange(id, exchange, out)
            }
            Record::Stray(stray) => exporter.stray(stray, out),
            Record::Connection(connection) => exporter.connection(connection, out),
            Record::Verdict(verdict) => exporter.verdict(verdict, out),
            Record::Finding(finding) => exporter.finding(finding, out),
        };
        written.map_err(|error| self.out.refused(error))?;
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self, progress: &Progress<'_>) -> anyhow::Result<ControlFlow<()>> {
        // Under load too: a buffer that is not full yet may wait for long.
        let Self { exporter, out, .. } = self;
        let written = exporter.pause(out).and_then(|()| out.flush());
        written.map_err(|error| self.out.refused(error))?;
        if let Some(losses) = &mut self.losses {
            losses.tell(progress.drops, self.saved);
        }
        let elapsed = || u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if self.stop.load(Ordering::Relaxed)
            || self.until.is_some_and(|until| elapsed() >= until.as_nanos())
        {
            self.ending.get_or_insert_with(Ending::now);
        }
        let caught_up = self.ending.is_some_and(|ending| ending.has_caught_up(progress));
        self.hasty = self.ending.is_some_and(|ending| ending.since.elapsed() >= LONGEST_DRAIN);
        let is_over = self.left == 0 || caught_up || self.hasty;
        self.hasty &= self.left > 0 && !caught_up;
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// The moment at which the end was asked for. What happened before it is still shown, and what comes
/// behind it is not waited for.
#[derive(Debug, Clone, Copy)]
struct Ending {
    since: Instant,
    /// The same on the clock that packets have.
    at: Option<Timestamp>,
}

impl Ending {
    fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok();
        let nanos = since_epoch.and_then(|since| i64::try_from(since.as_nanos()).ok());
        Self { since: Instant::now(), at: nanos.map(Timestamp::from_nanos) }
    }

    fn has_caught_up(&self, progress: &Progress<'_>) -> bool {
        if progress.is_quiet {
            self.since.elapsed() >= IN_FLIGHT
        } else {
            // Under load it is never quiet. The clock of a pipe may be another one.
            progress.now.zip(self.at).is_some_and(|(now, at)| now >= at)
        }
    }
}

impl Shown {
    /// Shows what a source gives; where it fails, what was shown is ended.
    fn drive(
        &mut self,
        source: &mut dyn Source,
        wanted: pipeline::Options,
    ) -> anyhow::Result<Outcome> {
        let ran = pipeline::drive(source, wanted, self);
        if ran.is_err() {
            let Self { exporter, out, .. } = self;
            out.give_up(&mut **exporter);
        }
        ran
    }

    /// Says what it came to.
    fn summarise(&self, outcome: &Outcome) {
        let summary = &outcome.summary;
        let nanos = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let took = Duration::from_nanos(nanos);
        let mut text = format!(
            "{} in {took}, {} failed; {}",
            many(self.shown, "exchange"),
            Count(self.failed),
            many(summary.packets, "packet"),
        );
        if let Some(picked) = &self.picked {
            text.push_str(&format!(", {} saved", Count(picked.written())));
        }
        let Drops { system, interface, own } = summary.drops;
        if let Some(dropped) = system {
            text.push_str(&format!(", {} dropped by the kernel", Count(dropped)));
        }
        let ours = if self.saved { "httpwhy (they are in the file)" } else { "httpwhy" };
        for (dropped, by) in [(interface, "the interface"), (Some(own), ours)] {
            if let Some(dropped @ 1..) = dropped {
                text.push_str(&format!(", {} by {by}", Count(dropped)));
            }
        }
        let copies = summary.copies();
        if copies.are_notable() {
            text.push_str(&format!(", {} of them captured twice", Count(copies.copies)));
        }
        tell(&text);
        let taken: u64 = summary.inputs.iter().map(|input| input.packets).sum();
        let waiting = taken.saturating_sub(summary.packets).saturating_sub(own);
        if self.hasty && waiting > 0 {
            let text =
                format!("{} that waited when it ended were not looked at", many(waiting, "packet"));
            complain("note", &text);
        }
        if outcome.statistics.exchanges == 0 && summary.packets > 0 {
            let connections = many(outcome.statistics.connections, "connection");
            let encrypted = outcome.statistics.protocols.count(Protocol::Tls);
            let text = format!(
                "no HTTP/1 in {connections}, {} of them TLS; -T text says what there is",
                Count(encrypted)
            );
            complain("note", &text);
        }
    }

    /// Ends the output.
    fn end(mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let Outcome { summary, statistics, .. } = outcome;
        let ended = self.exporter.end(summary, statistics, &mut self.out);
        ended.map_err(|error| self.out.refused(error))?;
        Ok(self.out.finish()?)
    }
}

fn many(count: u64, what: &str) -> String {
    format!("{} {what}{}", Count(count), if count == 1 { "" } else { "s" })
}

/// Tells of losses while they happen.
#[derive(Default)]
struct Losses {
    told: u64,
    at: Option<Instant>,
}

impl Losses {
    fn tell(&mut self, drops: Drops, saved: bool) {
        let lost = drops.total().unwrap_or(0);
        if lost <= self.told || self.at.is_some_and(|at| at.elapsed() < TELLING) {
            return;
        }
        let Drops { system, interface, own } = drops;
        let ours = match saved {
            true => {
                "httpwhy (it gets too little processor time; they are in the file, for analyze)"
            }
            false => {
                "httpwhy (it gets too little processor time: a BPF filter gives it less to do)"
            }
        };
        let mut parts = Vec::new();
        for (dropped, by) in [
            (system, "the kernel (its buffer was full: -B gives it more, a BPF filter less to do)"),
            (interface, "the interface"),
            (Some(own), ours),
        ] {
            if let Some(dropped @ 1..) = dropped {
                parts.push(format!("{} by {by}", Count(dropped)));
            }
        }
        complain("warning", &format!("packets lost so far: {}", parts.join(", ")));
        (self.told, self.at) = (lost, Some(Instant::now()));
    }
}
