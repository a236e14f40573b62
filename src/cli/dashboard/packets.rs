//! Packets between some ends, out of captures that are read again: into a new capture file, or as a list.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use httpwhy::capture::save::{Kind, Rotation, Saved};
use httpwhy::capture::{Capture, Input, Next, Reading, Source};
use httpwhy::dashboard::Wanted;
use httpwhy::error::Error;
use httpwhy::flow::Trace;
use httpwhy::units::Duration;
use httpwhy::wire::{Decoded, Decoder, Endpoint, Packet};

/// Copies the packets into the file; how many there were.
pub(super) fn copy(
    paths: &[PathBuf],
    ends: BTreeSet<(Endpoint, Endpoint)>,
    (path, file): (PathBuf, File),
) -> Result<u64, Error> {
    let capture = Capture::open(paths)?;
    let between = Between { capture, decoder: Decoder::new(), ends, octets: Vec::new() };
    let mut opened = Some((path, file));
    let opener = move |_| {
        let gone = || Error::Usage("there is one file to write".to_owned());
        opened.take().ok_or_else(gone)
    };
    let mut saved = Saved::new(between, Kind::Pcapng, Rotation::default(), Box::new(opener))?;
    let mut packets = 0;
    while let Next::Packet(_) = saved.next()? {
        packets += 1;
    }
    saved.close()?;
    Ok(packets)
}

/// Packets between two looks at whether the list is still wanted.
const LOOK: u64 = 4_096;

/// How long packets of a connection that is over may still come: captures are not quite in order.
const AFTER: Duration = Duration::from_secs(10);

/// The segments of a connection, as many as a list has room for, until nobody wants them any more.
pub(super) fn trace(
    paths: &[PathBuf],
    wanted: Wanted,
    is_wanted: impl Fn() -> bool,
) -> Result<Trace, Error> {
    let mut capture = Capture::open(paths)?;
    let mut decoder = Decoder::new();
    let mut trace = Trace::new(wanted.client, wanted.server, wanted.focus);
    while let Some(packet) = capture.next()? {
        let number = packet.number;
        let next = wanted.until.is_some_and(|until| number >= until);
        let over = next || wanted.over.is_some_and(|over| packet.at > over.plus(AFTER));
        if over || number.is_multiple_of(LOOK) && !is_wanted() {
            break;
        }
        // What came before it may be the end of another connection, or a fragment of its first packet.
        let Decoded::Segment(segment) = decoder.decode(&packet) else { continue };
        if number >= wanted.connection && !trace.push(&segment) {
            break;
        }
    }
    Ok(trace)
}

/// A capture of which only some packets are seen.
struct Between {
    capture: Capture,
    decoder: Decoder,
    /// Client and server; packets of both directions are wanted.
    ends: BTreeSet<(Endpoint, Endpoint)>,
    /// The octets of the packet that is handed out: those that are passed over must not be lent.
    octets: Vec<u8>,
}

impl Source for Between {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let Self { capture, decoder, ends, octets } = self;
        while let Some(packet) = capture.next()? {
            let Decoded::Segment(segment) = decoder.decode(&packet) else { continue };
            let (one, other) = (segment.ends.source, segment.ends.destination);
            if ends.contains(&(one, other)) || ends.contains(&(other, one)) {
                octets.clear();
                octets.extend_from_slice(packet.bytes);
                let Packet { number, at, link, interface, len, direction, offset, .. } = packet;
                let bytes = octets.as_slice();
                let held = Packet { number, at, link, interface, len, direction, bytes, offset };
                return Ok(Next::Packet(held));
            }
        }
        Ok(Next::End)
    }

    fn inputs(&self) -> Vec<&Input> {
        self.capture.inputs().collect()
    }

    fn reading(&self) -> Reading {
        Source::reading(&self.capture)
    }
}
