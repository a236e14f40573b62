//! A source that cannot wait in, the same packets out, some time later: a thread of its own does nothing
//! but take them, so that the source is kept empty whatever is done with them here. What it took
//! waits in batches that are used again and again. Where all of them are full, packets are still
//! taken from the source, which may save them, but not given: they are counted ([`Source::missed`]).

use std::collections::VecDeque;
use std::panic;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::Error;
use crate::limits::BUFFERED_BATCHES;
use crate::units::Timestamp;

use super::batch::Batch;
use super::report::Input;
use super::source::{Next, Reading, Source};
#[cfg(test)]
use super::watch::PATIENCE;

/// How many packets that are not given are counted before it is asked again whether there is room.
const ASKING: u64 = 64;

/// How long the other thread is waited for, which has something to say every tenth of a second: longer
/// only where it gets no processor. What has come cannot be known then.
const STARVED: Duration = Duration::from_secs(1);

/// See the module's words. The thread begins when the first packet is asked for, and ends with
/// [`Source::close`], or with this value.
pub struct Buffered<S: Source + 'static> {
    state: State<S>,
    /// What is given at present, and how much of it was.
    batch: Batch,
    given: usize,
    /// As of the last [`Source::refresh`].
    inputs: Vec<Input>,
    reading: Reading,
    missed: u64,
    is_live: bool,
    over: bool,
}

/// Where the source is.
enum State<S> {
    /// Nothing was asked of it yet, or its thread has ended.
    Here(S),
    /// On its thread.
    Apart(Arc<Shared>, JoinHandle<S>),
    /// Its thread could not be started, or broke off.
    Gone,
}

/// What both threads see.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Something has come.
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Full batches, and the last one perhaps not, the oldest first.
    full: VecDeque<Batch>,
    /// Empty ones that were used before.
    empty: Vec<Batch>,
    /// Batches that there are, wherever they are.
    batches: usize,
    /// All that the source had is in `full`, as it said at last: with what its clock showed then.
    quiet: Option<Option<Timestamp>>,
    /// There is nothing more to come, or nothing can.
    end: Option<Result<(), Error>>,
    /// Nothing more is wanted.
    stop: bool,
    inputs: Vec<Input>,
    reading: Reading,
    missed: u64,
}

impl Shared {
    /// What is behind the lock. Nobody leaves it half changed, so a panic of the other thread is no
    /// reason not to look.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// A batch with room, where another one is full: the last one that waits, an empty one, a new one;
    /// none where there are as many as there may be.
    fn turn(&mut self, full: Option<Batch>, octets: usize) -> Option<Batch> {
        self.quiet = None;
        self.full.extend(full);
        if self.full.back().is_some_and(|last| last.has_room(octets)) {
            return self.full.pop_back();
        }
        self.empty.pop().or_else(|| {
            let may = self.batches < BUFFERED_BATCHES;
            self.batches += usize::from(may);
            may.then(Batch::new)
        })
    }
}

impl<S: Source> Buffered<S> {
    /// A source that is to be read on a thread of its own.
    pub fn new(source: S) -> Self {
        let inputs = source.inputs().into_iter().cloned().collect();
        let (reading, is_live) = (source.reading(), source.is_live());
        let (state, batch) = (State::Here(source), Batch::default());
        Self { state, batch, given: 0, inputs, reading, missed: 0, is_live, over: false }
    }

    /// What both threads see; begins the other one where it has not.
    fn shared(&mut self) -> Result<Arc<Shared>, Error> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Here(source) => {
                let (inputs, reading) = (self.inputs.clone(), self.reading);
                let waiting = Mutex::new(Waiting { inputs, reading, ..Waiting::default() });
                let shared = Arc::new(Shared { waiting, came: Condvar::new() });
                let own = Arc::clone(&shared);
                let thread = thread::Builder::new().name("capture".to_owned());
                let thread = thread.spawn(move || Taker { source, shared: own }.take());
                let refused = |error| Error::Live(format!("cannot begin a thread: {error}"));
                self.state = State::Apart(shared, thread.map_err(refused)?);
            }
            begun => self.state = begun,
        }
        match &self.state {
            State::Apart(shared, _) => Ok(Arc::clone(shared)),
            State::Here(_) | State::Gone => Err(Error::Live("capturing has stopped".to_owned())),
        }
    }

    /// Ends the thread, and takes the source back from it.
    fn join(&mut self) -> thread::Result<()> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Apart(shared, thread) => {
                shared.lock().stop = true;
                self.state = State::Here(thread.join()?);
            }
            other => self.state = other,
        }
        Ok(())
    }

    /// Gives the batch back and takes the next one. `None`: there is one.
    fn turn(&mut self) -> Result<Option<Next<'static>>, Error> {
        let shared = self.shared()?;
        let mut waiting = shared.lock();
        self.given = 0;
        let mut used = std::mem::take(&mut self.batch);
        if !used.is_empty() {
            used.clear();
            waiting.empty.push(used);
        }
        for is_last in [false, true] {
            if let Some(next) = waiting.full.pop_front() {
                self.batch = next;
                return Ok(None);
            }
            if let Some(now) = waiting.quiet.take() {
                return Ok(Some(Next::Quiet { now }));
            }
            if let Some(end) = waiting.end.take() {
                self.over = true;
                return end.map(|()| Some(Next::End));
            }
            if !is_last {
                let none = |waiting: &mut Waiting| {
                    waiting.full.is_empty() && waiting.quiet.is_none() && waiting.end.is_none()
                };
                let waited = shared.came.wait_timeout_while(waiting, STARVED, none);
                waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        drop(waiting);
        if matches!(&self.state, State::Apart(_, thread) if thread.is_finished()) {
            self.over = true;
            // It says so when it ends, so it has not ended well.
            self.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
        }
        Ok(Some(Next::Quiet { now: None }))
    }
}

impl<S: Source> Source for Buffered<S> {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.over {
            return Ok(Next::End);
        }
        if self.given >= self.batch.len()
            && let Some(next) = self.turn()?
        {
            return Ok(next);
        }
        self.given += 1;
        Ok(self.batch.get(self.given - 1).map_or(Next::End, Next::Packet))
    }

    fn inputs(&self) -> Vec<&Input> {
        self.inputs.iter().collect()
    }

    fn reading(&self) -> Reading {
        self.reading
    }

    fn missed(&self) -> u64 {
        self.missed
    }

    fn refresh(&mut self) {
        if let State::Apart(shared, _) = &self.state {
            let waiting = shared.lock();
            self.inputs.clone_from(&waiting.inputs);
            (self.reading, self.missed) = (waiting.reading, waiting.missed);
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        self.over = true;
        let shared = match &self.state {
            State::Apart(shared, _) => Some(Arc::clone(shared)),
            State::Here(_) | State::Gone => None,
        };
        self.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
        if let State::Here(source) = &mut self.state {
            let closed = source.close();
            self.inputs = source.inputs().into_iter().cloned().collect();
            self.reading = source.reading();
            self.missed = shared.map_or(self.missed, |shared| shared.lock().missed);
            closed?;
        }
        Ok(())
    }

    fn is_live(&self) -> bool {
        self.is_live
    }
}

impl<S: Source + 'static> Drop for Buffered<S> {
    /// What the source saves is written when it is dropped, which is to happen before the process ends.
    fn drop(&mut self) {
        // A panic of the other thread was said when it happened.
        let _ = self.join();
    }
}

/// The other thread.
struct Taker<S> {
    source: S,
    shared: Arc<Shared>,
}

impl<S: Source> Taker<S> {
    /// Takes packets until there is an end, or nobody wants more; gives the source back.
    fn take(mut self) -> S {
        let mut filling: Option<Batch> = None;
        let mut missed = 0_u64;
        // Packets that were not given since there was room last.
        let mut in_a_row = 0_u64;
        loop {
            let came = match self.source.next() {
                Ok(Next::Packet(packet)) => {
                    let octets = packet.bytes.len();
                    if let Some(batch) = filling.as_mut().filter(|batch| batch.has_room(octets)) {
                        batch.add(&packet);
                        continue;
                    }
                    let asks = filling.is_some() || in_a_row.is_multiple_of(ASKING);
                    if asks {
                        filling = self.shared.lock().turn(filling.take(), octets);
                    }
                    match &mut filling {
                        Some(batch) => {
                            batch.add(&packet);
                            in_a_row = 0;
                        }
                        None => {
                            missed = missed.saturating_add(1);
                            in_a_row = in_a_row.saturating_add(1);
                        }
                    }
                    if !asks {
                        continue;
                    }
                    Came::Packets
                }
                Ok(Next::Quiet { now }) => {
                    in_a_row = 0;
                    Came::Nothing(now)
                }
                Ok(Next::End) => Came::End(Ok(())),
                Err(error) => Came::End(Err(error)),
            };
            self.source.refresh();
            let mut waiting = self.shared.lock();
            waiting.inputs.clear();
            waiting.inputs.extend(self.source.inputs().into_iter().cloned());
            (waiting.reading, waiting.missed) = (self.source.reading(), missed);
            let mut over = waiting.stop;
            match came {
                Came::Packets => {}
                Came::Nothing(now) => {
                    waiting.full.extend(filling.take());
                    waiting.quiet = Some(now);
                }
                Came::End(end) => {
                    waiting.full.extend(filling.take());
                    waiting.end = Some(end);
                    over = true;
                }
            }
            drop(waiting);
            self.shared.came.notify_one();
            if over {
                return self.source;
            }
        }
    }
}

/// What the source gave.
enum Came {
    /// So many packets that a batch is full, or none has room.
    Packets,
    Nothing(Option<Timestamp>),
    End(Result<(), Error>),
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;
    use crate::limits::{BUFFERED_OCTETS, BUFFERED_PACKETS};
    use crate::wire::{LinkType, Packet};

    /// Gives packets with their number in them, as many as it is told, and says when they are gone.
    struct Told {
        orders: Receiver<Order>,
        given: u64,
        left: u64,
        octets: Vec<u8>,
        closed: SyncSender<u64>,
    }

    enum Order {
        Packets(u64, usize),
        Fail,
    }

    impl Source for Told {
        fn next(&mut self) -> Result<Next<'_>, Error> {
            if self.left == 0 {
                match self.orders.recv_timeout(PATIENCE) {
                    Ok(Order::Packets(count, octets)) => {
                        self.left = count;
                        self.octets.resize(octets, 7);
                    }
                    Ok(Order::Fail) => return Err(Error::Live("gone".to_owned())),
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                        return Ok(Next::Quiet { now: Some(Timestamp::from_nanos(5)) });
                    }
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Ok(Next::End),
                }
            }
            self.left -= 1;
            self.given += 1;
            for (octet, of_number) in self.octets.iter_mut().zip(self.given.to_le_bytes()) {
                *octet = of_number;
            }
            Ok(Next::Packet(Packet {
                number: self.given,
                at: Timestamp::from_nanos(1),
                link: LinkType(1),
                interface: 0,
                len: 9_000,
                direction: None,
                bytes: &self.octets,
                offset: 0,
            }))
        }

        fn inputs(&self) -> Vec<&Input> {
            Vec::new()
        }

        fn reading(&self) -> Reading {
            Reading { octets: self.given, size: None }
        }

        fn close(&mut self) -> Result<(), Error> {
            self.closed.send(self.given).unwrap();
            Ok(())
        }

        fn is_live(&self) -> bool {
            true
        }
    }

    fn told() -> (SyncSender<Order>, Receiver<u64>, Buffered<Told>) {
        let (give, orders) = sync_channel(9);
        let (closed, was_closed) = sync_channel(9);
        let source = Told { orders, given: 0, left: 0, octets: Vec::new(), closed };
        (give, was_closed, Buffered::new(source))
    }

    /// Takes packets until it is quiet: their numbers.
    fn until_quiet(source: &mut impl Source) -> Vec<u64> {
        let mut numbers = Vec::new();
        loop {
            match source.next().unwrap() {
                Next::Packet(packet) => {
                    assert_eq!(packet.bytes[..8], packet.number.to_le_bytes());
                    assert_eq!(packet.len, 9_000);
                    numbers.push(packet.number);
                }
                // Where the other thread had no processor, it is said without a time.
                Next::Quiet { now: None } => {}
                Next::Quiet { now } => {
                    assert_eq!(now, Some(Timestamp::from_nanos(5)));
                    return numbers;
                }
                Next::End => return numbers,
            }
        }
    }

    #[test]
    fn everything_comes_in_order_and_then_the_end() {
        let (give, closed, mut source) = told();
        give.send(Order::Packets(10, 8)).unwrap();
        assert_eq!(until_quiet(&mut source), (1..=10).collect::<Vec<_>>());
        // More than one batch, by number and by octets.
        let many = 2 * BUFFERED_PACKETS as u64 + 1;
        give.send(Order::Packets(many, 8)).unwrap();
        give.send(Order::Packets(40, BUFFERED_OCTETS / 3)).unwrap();
        drop(give);
        let mut seen = until_quiet(&mut source);
        while *seen.last().unwrap() < 50 + many {
            seen.extend(until_quiet(&mut source));
        }
        assert_eq!(seen, (11..=50 + many).collect::<Vec<_>>());
        while !matches!(source.next().unwrap(), Next::End) {}
        assert!(matches!(source.next().unwrap(), Next::End));
        source.close().unwrap();
        assert_eq!(closed.recv().unwrap(), 50 + many);
        assert_eq!((source.missed(), source.reading().octets), (0, 50 + many));
    }

    #[test]
    fn what_has_no_room_is_counted_and_everything_adds_up() {
        let (give, _closed, mut source) = told();
        give.send(Order::Packets(1, 8)).unwrap();
        assert_eq!(until_quiet(&mut source), [1]);
        let most = (BUFFERED_BATCHES * BUFFERED_PACKETS) as u64;
        give.send(Order::Packets(2 * most, 8)).unwrap();
        // Nobody takes any of it until all was offered.
        while source.reading().octets < 1 + 2 * most {
            source.refresh();
            thread::yield_now();
        }
        let seen = until_quiet(&mut source);
        source.refresh();
        assert!(seen.is_sorted());
        assert!(source.missed() > 0);
        assert_eq!(seen.len() as u64 + source.missed(), 2 * most);
        assert_eq!(seen.len() as u64, most);
        // And it goes on.
        give.send(Order::Packets(3, 8)).unwrap();
        let last = 1 + 2 * most;
        assert_eq!(until_quiet(&mut source), [last + 1, last + 2, last + 3]);
    }

    #[test]
    fn a_failure_comes_behind_what_came_before_it() {
        let (give, _closed, mut source) = told();
        give.send(Order::Packets(3, 8)).unwrap();
        give.send(Order::Fail).unwrap();
        for number in 1..=3 {
            assert!(
                matches!(source.next().unwrap(), Next::Packet(packet) if packet.number == number)
            );
        }
        let failure = loop {
            match source.next() {
                Ok(Next::Quiet { .. }) => {}
                Ok(_) => panic!("no failure"),
                Err(error) => break error,
            }
        };
        assert_eq!(failure.to_string(), "gone");
        assert!(matches!(source.next().unwrap(), Next::End));
    }

    #[test]
    fn who_leaves_ends_the_thread_and_gets_the_source_closed() {
        let (give, closed, mut source) = told();
        give.send(Order::Packets(1_000_000, 8)).unwrap();
        assert!(matches!(source.next().unwrap(), Next::Packet(_)));
        source.close().unwrap();
        assert!(closed.recv().unwrap() < 1_000_000);
        assert!(matches!(source.next().unwrap(), Next::End));
        // Without a word too.
        let (give, closed, mut source) = told();
        give.send(Order::Packets(1, 8)).unwrap();
        assert!(matches!(source.next().unwrap(), Next::Packet(_)));
        drop(source);
        assert!(closed.recv().is_err() && give.send(Order::Fail).is_err());
    }
}
