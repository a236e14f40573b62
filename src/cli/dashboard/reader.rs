//! The thread that reads: a source in, snapshots on a board out. Never waits for who draws.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use httpwhy::capture::Source;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::pipeline::{self, Progress, Sink};
use httpwhy::snapshot::{Board, Ended, Keeper, Now, Snapshot};

/// Between two snapshots.
const FRAME: Duration = Duration::from_millis(100);

/// Taking snapshots may cost one part in so many of the time.
const SHARE: u32 = 12;

/// Keeps what comes, and publishes it now and then.
struct Publisher<'b> {
    keeper: Keeper,
    board: &'b Board,
    stop: &'b AtomicBool,
    published: Option<Instant>,
    /// How long taking the last snapshot took.
    took: Duration,
    now: Now,
}

/// Reads a source to its end, or until `stop` is set, and says on the board how it went.
pub(super) fn read(
    mut source: Box<dyn Source>,
    options: pipeline::Options,
    board: &Board,
    stop: &AtomicBool,
) {
    let mut guard = Guard { board, is_done: false };
    let mut publisher = Publisher {
        keeper: Keeper::default(),
        board,
        stop,
        published: None,
        took: Duration::ZERO,
        now: Now::default(),
    };
    let outcome = pipeline::drive::<Error>(&mut *source, options, &mut publisher);
    let octets = source.reading().octets;
    drop(source);
    let Publisher { keeper, mut now, .. } = publisher;
    let snapshot = match outcome {
        Ok(outcome) => {
            let summary = &outcome.summary;
            let damages = summary.inputs.iter().flat_map(|input| &input.damages);
            now.end = Some(Ended::Done(damages.map(|damage| damage.message.clone()).collect()));
            now.packets = summary.packets;
            now.octets = octets;
            now.drops = summary.drops;
            now.copies = summary.copies();
            now.start = summary.start;
            now.waiting = None;
            (now.first, now.at) = (summary.first, summary.last.max(now.at));
            keeper.snapshot(now, &outcome.statistics)
        }
        Err(error) => {
            let latest = board.latest();
            now.waiting = None;
            now.end = Some(Ended::Failed(error.to_string()));
            keeper.snapshot(now, &latest.statistics)
        }
    };
    board.publish(snapshot);
    guard.is_done = true;
}

/// Says on the board that reading broke off, where a mistake of ours has ended the thread.
struct Guard<'b> {
    board: &'b Board,
    is_done: bool,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let mut last = Snapshot::clone(&self.board.latest());
            let why = "reading broke off by a mistake in httpwhy; please report it";
            last.now.end = Some(Ended::Failed(why.to_owned()));
            self.board.publish(last);
        }
    }
}

impl Sink<Error> for Publisher<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, Error> {
        match record {
            Record::Exchange(id, exchange) => self.keeper.exchange(id, exchange),
            Record::Connection(connection) => self.keeper.connection(connection),
            Record::Verdict(verdict) => self.keeper.verdict(verdict),
            Record::Finding(finding) => self.keeper.finding(finding),
            Record::Stray(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self, progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(ControlFlow::Break(()));
        }
        let wait = FRAME.max(self.took * SHARE);
        let begun = Instant::now();
        if self.published.is_some_and(|at| begun.duration_since(at) < wait) {
            return Ok(ControlFlow::Continue(()));
        }
        self.now = Now {
            packets: progress.packets,
            octets: progress.reading.octets,
            size: progress.reading.size,
            drops: progress.drops,
            copies: progress.copies,
            first: progress.first,
            start: progress.start,
            at: progress.now,
            waiting: progress.waiting,
            end: None,
        };
        self.board.publish(self.keeper.snapshot(self.now.clone(), progress.statistics));
        self.took = begun.elapsed();
        self.published = Some(Instant::now());
        Ok(ControlFlow::Continue(()))
    }
}
