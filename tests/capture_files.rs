//! What a user relies on when giving httpwhy a file: every packet that is there, in order, with its
//! exact time, whatever else is wrong with the file — and a true word about what is wrong.

#![expect(clippy::unwrap_used, reason = "what tests share fails by panicking, as they do")]

#[path = "capture_files/compressed.rs"]
mod compressed;
#[path = "capture_files/corpus.rs"]
mod corpus;
#[path = "support/files.rs"]
mod files;
#[path = "capture_files/formats.rs"]
mod formats;
#[path = "capture_files/hostile.rs"]
mod hostile;
#[path = "capture_files/inputs.rs"]
mod inputs;

use std::io::{self, Read, Write};
use std::path::PathBuf;

use httpwhy::capture::{Capture, Fault, Input, Then};
use httpwhy::error::Error;
use httpwhy::wire::Direction;

/// A packet that outlives the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    number: u64,
    at: i64,
    link: u16,
    interface: u32,
    len: u32,
    direction: Option<Direction>,
    offset: u64,
    octets: Vec<u8>,
}

/// All that a capture gave.
#[derive(Debug)]
struct Outcome {
    packets: Vec<Seen>,
    inputs: Vec<Input>,
}

impl Outcome {
    fn of(mut capture: Capture) -> Self {
        let mut packets = Vec::new();
        while let Some(packet) = capture.next().unwrap() {
            packets.push(Seen {
                number: packet.number,
                at: packet.at.as_nanos(),
                link: packet.link.0,
                interface: packet.interface,
                len: packet.len,
                direction: packet.direction,
                offset: packet.offset,
                octets: packet.bytes.to_vec(),
            });
        }
        assert_eq!(capture.packets(), packets.len() as u64);
        Self { packets, inputs: capture.inputs().cloned().collect() }
    }

    fn damages(&self) -> Vec<(u64, Fault, Then)> {
        let damages = self.inputs.iter().flat_map(|input| &input.damages);
        damages.map(|damage| (damage.offset, damage.what.clone(), damage.then)).collect()
    }

    fn notes(&self) -> Vec<Fault> {
        self.inputs.iter().flat_map(|input| &input.notes).map(|note| note.what.clone()).collect()
    }
}

fn open(octets: &[u8]) -> Result<Capture, Error> {
    Capture::from_reader(PathBuf::from("x.pcap"), Box::new(io::Cursor::new(octets.to_vec())))
}

fn read(octets: &[u8]) -> Outcome {
    Outcome::of(open(octets).unwrap())
}

/// Gives one octet a call, and every third call is interrupted.
struct Dribble(io::Cursor<Vec<u8>>, u8);

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = (self.1 + 1) % 3;
        if self.1 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let one = into.len().min(1);
        self.0.read(&mut into[..one])
    }
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(octets, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A pcap of three packets of 20 × `GET / HTTP/1.1`, as the zstd tool compresses it.
const ZSTD_FIXTURE: [u8; 78] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x0d, 0x02, 0x00, 0xe4, 0x02, 0xd4, 0xc3, 0xb2, 0xa1, 0x02,
    0x00, 0x04, 0x00, 0x04, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xf1, 0x53, 0x65, 0x00, 0x00, 0x00,
    0x00, 0x40, 0x01, 0x47, 0x45, 0x54, 0x20, 0x2f, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e,
    0x31, 0x0d, 0x0a, 0x00, 0xf1, 0x53, 0x65, 0x01, 0x02, 0x05, 0x00, 0x48, 0xa0, 0x0a, 0xa6, 0xa9,
    0xa5, 0x6a, 0x2d, 0x33, 0xd5, 0xe2, 0xe2, 0xb5, 0x01, 0x2e, 0x48, 0x47, 0xb7, 0x44,
];
