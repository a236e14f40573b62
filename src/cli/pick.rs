//! `-w` with `-Y` while packets come: those of the exchanges that match, in new files. Which ones these are
//! is known only when an exchange is over, so all packets of the last while are kept until then,
//! and written, in order, when they leave: with the verdicts as comments, as `analyze` does it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use httpwhy::capture::save::Files;
use httpwhy::capture::{Input, Interface, Next, Reading, Recent, Source};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::Secrets;
use httpwhy::export::excerpt::Excerpt;
use httpwhy::limits::IDLE_WAITING;
use httpwhy::units::{Count, Timestamp};
use httpwhy::wire::{Decoded, Decoder, Endpoint, Packet};

use super::complain;

/// Packets between two looks at what is too old.
const LOOK: u64 = 4_096;

/// Both ends of the connection of a packet, if it is a segment.
type Ends = Option<(Endpoint, Endpoint)>;

/// A source whose packets are kept as they pass.
pub(super) struct Passing {
    source: Box<dyn Source>,
    decoder: Decoder,
    picking: Arc<Mutex<Picking>>,
    until_look: u64,
}

/// Learns of the exchanges that match.
pub(super) struct Picked {
    picking: Arc<Mutex<Picking>>,
}

/// What both work on.
struct Picking {
    recent: Recent<Ends>,
    excerpt: Excerpt,
    /// Whether anything was added to the excerpt since it was put in order.
    unsettled: bool,
    files: Files,
    now: Option<Timestamp>,
    /// Packets that were written.
    written: u64,
    /// Exchanges of which packets had left before it was known that they match.
    cut: u64,
}

/// Picks from a source, keeping at most so many octets until it is known what matches.
pub(super) fn pick(source: Box<dyn Source>, files: Files, octets: u64) -> (Passing, Picked) {
    let picking = Arc::new(Mutex::new(Picking {
        recent: Recent::new(octets, IDLE_WAITING),
        excerpt: Excerpt::new(Secrets::Hidden),
        unsettled: false,
        files,
        now: None,
        written: 0,
        cut: 0,
    }));
    let picked = Picked { picking: Arc::clone(&picking) };
    (Passing { source, decoder: Decoder::new(), picking, until_look: LOOK }, picked)
}

/// Only one thread works on it at a time, so nobody has left it half changed.
fn lock(picking: &Mutex<Picking>) -> MutexGuard<'_, Picking> {
    picking.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Picked {
    /// Notes what belongs into the files.
    pub fn record(&self, record: Record<'_>) {
        let picking = &mut *lock(&self.picking);
        let Picking { recent, excerpt, unsettled, cut, .. } = picking;
        match record {
            Record::Exchange(id, exchange) => {
                excerpt.exchange(id, exchange);
                let first = exchange.first().packet;
                *cut += u64::from(recent.first().is_none_or(|oldest| first < oldest));
            }
            Record::Verdict(verdict) => {
                excerpt.verdict(verdict);
                for packet in verdict.evidence.iter().map(|evidence| evidence.mark.packet) {
                    if let Some(Some((from, to))) = recent.note(packet) {
                        excerpt.place(packet, *from, *to);
                    }
                }
            }
            Record::Finding(finding) => excerpt.finding(finding),
            Record::Stray(_) | Record::Connection(_) => {}
        }
        *unsettled = true;
    }

    /// How many packets were written, behind the end; says what is missing.
    pub fn written(&self) -> u64 {
        let picking = lock(&self.picking);
        if picking.cut > 0 {
            let what = format!(
                "{} of the exchanges took so long that {} first packets were not kept any more: \
                 --memory keeps more, -w without -Y saves everything",
                Count(picking.cut),
                if picking.cut == 1 { "its" } else { "their" },
            );
            complain("warning", &what);
        }
        if picking.excerpt.beyond() > 0 {
            let beyond = Count(picking.excerpt.beyond());
            let what = format!("{beyond} exchanges or pieces of evidence were too many to save");
            complain("warning", &what);
        }
        picking.written
    }
}

impl Picking {
    fn packet(&mut self, packet: &Packet<'_>, ends: Ends) -> Result<(), Error> {
        self.now = self.now.max(Some(packet.at));
        let Self { recent, excerpt, unsettled, files, written, .. } = self;
        recent.push(packet, ends, leaving(excerpt, unsettled, files, written))
    }

    /// Lets go of what is too old.
    fn look(&mut self, interfaces: &[Interface]) -> Result<(), Error> {
        self.know(interfaces);
        let Self { recent, excerpt, unsettled, files, written, now, .. } = self;
        if let Some(now) = *now {
            recent.age(now, leaving(excerpt, unsettled, files, written))?;
        }
        if let Some(oldest) = recent.first() {
            excerpt.forget(oldest);
        }
        files.flush()
    }

    fn end(&mut self, interfaces: &[Interface]) -> Result<(), Error> {
        self.know(interfaces);
        let Self { recent, excerpt, unsettled, files, written, .. } = self;
        recent.drain(leaving(excerpt, unsettled, files, written))?;
        files.end()
    }

    /// What was counted of the interfaces of a whole capture is not true of these packets.
    fn know(&mut self, interfaces: &[Interface]) {
        let known = interfaces.iter().cloned();
        self.files.know(known.map(|interface| Interface { statistics: None, ..interface }));
    }
}

/// Writes those of the packets that leave which belong to what was chosen.
fn leaving(
    excerpt: &mut Excerpt,
    unsettled: &mut bool,
    files: &mut Files,
    written: &mut u64,
) -> impl FnMut(&Packet<'_>, &Ends) -> Result<(), Error> {
    |packet, ends| {
        if std::mem::take(unsettled) {
            excerpt.settle();
        }
        if excerpt.takes(packet.number, *ends) {
            *written += 1;
            files.packet(packet, excerpt.comments(packet.number))?;
        }
        Ok(())
    }
}

impl Passing {
    fn interfaces(&self) -> Vec<Interface> {
        self.source.inputs().into_iter().flat_map(|input| &input.interfaces).cloned().collect()
    }
}

impl Source for Passing {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.until_look == 0 {
            self.until_look = LOOK;
            lock(&self.picking).look(&self.interfaces())?;
        }
        let next = self.source.next()?;
        match &next {
            Next::Packet(packet) => {
                self.until_look -= 1;
                let ends = match self.decoder.decode(packet) {
                    Decoded::Segment(segment) => {
                        Some((segment.ends.source, segment.ends.destination))
                    }
                    Decoded::Signal(_) | Decoded::Skip(_) => None,
                };
                lock(&self.picking).packet(packet, ends)?;
            }
            Next::Quiet { now } => {
                let mut picking = lock(&self.picking);
                picking.now = picking.now.max(*now);
                self.until_look = 0;
            }
            Next::End => {}
        }
        Ok(next)
    }

    fn inputs(&self) -> Vec<&Input> {
        self.source.inputs()
    }

    fn reading(&self) -> Reading {
        self.source.reading()
    }

    fn missed(&self) -> u64 {
        self.source.missed()
    }

    fn refresh(&mut self) {
        self.source.refresh();
    }

    fn close(&mut self) -> Result<(), Error> {
        let closed = self.source.close();
        lock(&self.picking).end(&self.interfaces())?;
        closed
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }
}
