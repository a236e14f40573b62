//! A compressed stream in, its octets out, as they come: no more is unpacked than was asked for, so a
//! decompression bomb costs time and no memory. What was decoded before a fault is
//! given out before the fault is reported. It knows nothing of captures.

use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::limits::ZSTD_WINDOW_OCTETS;

use super::window::Window;

/// How an input is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// The compression that begins with these octets.
    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        match octets {
            // RFC 1952 section 2.3.1: magic and the only method there is.
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // RFC 8878 sections 3.1.1 and 3.1.2: a frame, or a skippable frame before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// A reader of what the compressed octets of `source` mean.
    pub(super) fn decode(self, source: Window) -> Box<dyn Read + Send> {
        match self {
            Self::Gzip => Box::new(Gzip { source, member: None, failure: None }),
            Self::Zstd => Box::new(Zstd { source, frame: FrameDecoder::new(), failure: None }),
        }
    }
}

/// `gzip`, `zstd`.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Members of gzip, one after the other.
///
/// Not `flate2::read::MultiGzDecoder`: where a member is corrupt, that loses what the same call
/// had decoded before the fault.
struct Gzip {
    source: Window,
    member: Option<Decompress>,
    failure: Option<io::Error>,
}

impl Read for Gzip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const WINDOW_BITS: u8 = 15;
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.source.fill_buf()?;
            let ended = input.is_empty();
            let Some(member) = &mut self.member else {
                if ended {
                    return Ok(0);
                }
                self.member = Some(Decompress::new_gzip(WINDOW_BITS));
                continue;
            };
            let (taken, given) = (member.total_in(), member.total_out());
            let status = member.decompress(input, into, FlushDecompress::None);
            let taken = member.total_in().saturating_sub(taken);
            let given = member.total_out().saturating_sub(given);
            // Both are bounded by the length of a slice.
            let (taken, given) = (taken as usize, given as usize);
            self.source.consume(taken);
            match status {
                Ok(Status::StreamEnd) => self.member = None,
                Ok(Status::Ok | Status::BufError) => {
                    if ended && given == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => {
                    let failure = io::Error::new(io::ErrorKind::InvalidData, error);
                    if given == 0 {
                        return Err(failure);
                    }
                    self.failure = Some(failure);
                }
            }
            if given > 0 {
                return Ok(given);
            }
        }
    }
}

/// Frames of Zstandard, one after the other, skippable ones left out.
struct Zstd {
    source: Window,
    frame: FrameDecoder,
    failure: Option<io::Error>,
}

impl Zstd {
    /// Begins the next frame; `false` at the end of the input.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            self.frame.set_max_window_size(ZSTD_WINDOW_OCTETS);
            match self.frame.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.fault(error)),
            }
        }
    }

    /// Compares the checksum of the frame that just ended, where it has one.
    fn check_frame(&mut self) -> io::Result<()> {
        match (self.frame.get_checksum_from_data(), self.frame.get_calculated_checksum()) {
            (Some(stated), Some(found)) if stated != found => {
                self.frame = FrameDecoder::new();
                Err(io::Error::new(io::ErrorKind::InvalidData, "checksum does not match"))
            }
            _ => Ok(()),
        }
    }

    /// Ends a frame that cannot be decoded further, so that the decoder lets go of what it holds
    /// back as history: an empty last block (RFC 8878 section 3.1.1.2) and a checksum.
    fn close_frame(&mut self) {
        let ending: &[u8] = &[0x01, 0x00, 0x00, 0, 0, 0, 0];
        if self.frame.decode_blocks(ending, BlockDecodingStrategy::UptoBlocks(1)).is_err() {
            self.frame = FrameDecoder::new();
        }
    }

    /// Tells a cut input from a corrupt one: the decoder wraps both.
    fn fault(&mut self, error: FrameDecoderError) -> io::Error {
        let ended = self.source.fill_buf().is_ok_and(|rest| rest.is_empty());
        let kind = if ended { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData };
        io::Error::new(kind, error)
    }
}

impl Read for Zstd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.frame.can_collect() == 0 {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.frame.is_finished() {
                self.check_frame()?;
                if !self.next_frame()? {
                    return Ok(0);
                }
                continue;
            }
            let one = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.frame.decode_blocks(&mut self.source, one) {
                self.failure = Some(self.fault(error));
                self.close_frame();
            }
        }
        self.frame.read(into)
    }
}
