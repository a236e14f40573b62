//! Content with content codings on (RFC 9110 section 8.4) in, the content without them out: gzip,
//! deflate, br and zstd, also one inside the other. What is cut or broken gives what stands before;
//! what grows without end gives no more than is asked for. Opens nothing, keeps nothing.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::limits;

/// A content coding that can be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952; also `x-gzip`.
    Gzip,
    /// RFC 1950; some senders leave its frame out and send RFC 1951 alone.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, with a window that RFC 9659 allows.
    Zstd,
}

impl Coding {
    /// The name in header fields.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn recognise(name: &[u8]) -> Option<Self> {
        let known = [
            (&b"gzip"[..], Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"deflate", Self::Deflate),
            (b"br", Self::Brotli),
            (b"zstd", Self::Zstd),
        ];
        let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, coding)| *coding)
    }
}

/// Why the content is not all there is, or still coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// A coding is on that nobody here knows, or more of them than anybody sends.
    Coded,
    /// It is not written as this coding wants it.
    Broken(Coding),
    /// It ends inside this coding.
    Cut(Coding),
    /// There is more than was asked for.
    More,
}

/// Content and what became of its codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The octets, as far as they could be read.
    pub octets: Vec<u8>,
    /// Codings that were taken off, the outermost first.
    pub removed: Vec<Coding>,
    /// What is missing; `None` where it is all there.
    pub rest: Option<Rest>,
}

/// Takes the codings that the values of Content-Encoding name off some content, the last one named
/// first. Gives so many octets at most.
pub fn decode<'v>(
    content: &[u8],
    values: impl IntoIterator<Item = &'v [u8]>,
    most: usize,
) -> Decoded {
    let mut names: Vec<&[u8]> = Vec::new();
    for value in values {
        let members = value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
        names.extend(
            members.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity")),
        );
    }
    let mut decoded = Decoded { octets: Vec::new(), removed: Vec::new(), rest: None };
    let mut octets = content;
    let mut held;
    let too_many = names.len() > limits::CONTENT_CODINGS;
    for name in names.iter().rev() {
        let Some(coding) = Coding::recognise(name).filter(|_| !too_many) else {
            decoded.rest = decoded.rest.or(Some(Rest::Coded));
            break;
        };
        let (taken_off, rest) = take_off(octets, coding, most);
        decoded.removed.push(coding);
        // What is outside ends first; what is inside of it is then cut too.
        decoded.rest = decoded.rest.or(rest);
        held = taken_off;
        octets = &held;
    }
    if octets.len() > most {
        decoded.rest = decoded.rest.or(Some(Rest::More));
    }
    decoded.octets = octets.get(..most.min(octets.len())).unwrap_or_default().to_vec();
    decoded
}

fn take_off(octets: &[u8], coding: Coding, most: usize) -> (Vec<u8>, Option<Rest>) {
    let mut out = Vec::new();
    let rest = match coding {
        Coding::Gzip => read(MultiGzDecoder::new(octets), &mut out, most, coding),
        Coding::Deflate => {
            let rest = read(ZlibDecoder::new(octets), &mut out, most, coding);
            if out.is_empty() && rest == Some(Rest::Broken(coding)) {
                read(DeflateDecoder::new(octets), &mut out, most, coding)
            } else {
                rest
            }
        }
        Coding::Brotli => brotli(octets, &mut out, most),
        Coding::Zstd => zstd(octets, &mut out, most),
    };
    (out, rest)
}

/// Octets that are decoded at a time.
const STEP_OCTETS: usize = 16 * 1024;

fn read(mut decoder: impl Read, out: &mut Vec<u8>, most: usize, coding: Coding) -> Option<Rest> {
    let mut step = [0; STEP_OCTETS];
    loop {
        match decoder.read(&mut step) {
            Ok(0) => return None,
            Ok(count) => {
                out.extend_from_slice(step.get(..count).unwrap_or_default());
                if out.len() > most {
                    out.truncate(most);
                    return Some(Rest::More);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Some(Rest::Cut(coding));
            }
            Err(_) => return Some(Rest::Broken(coding)),
        }
    }
}

/// Large windows, which no HTTP sender may use, are refused: they take a gigabyte before the first
/// octet comes out.
fn brotli(octets: &[u8], out: &mut Vec<u8>, most: usize) -> Option<Rest> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut left, mut offset, mut total) = (octets.len(), 0, 0);
    let mut step = [0; STEP_OCTETS];
    loop {
        let (mut room, mut given) = (step.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut offset,
            octets,
            &mut room,
            &mut given,
            &mut step,
            &mut total,
            &mut state,
        );
        out.extend_from_slice(step.get(..given).unwrap_or_default());
        if out.len() > most {
            out.truncate(most);
            return Some(Rest::More);
        }
        match result {
            BrotliResult::ResultSuccess if left > 0 => return Some(Rest::Broken(Coding::Brotli)),
            BrotliResult::ResultSuccess => return None,
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Some(Rest::Cut(Coding::Brotli)),
            BrotliResult::ResultFailure => return Some(Rest::Broken(Coding::Brotli)),
        }
    }
}

fn zstd(octets: &[u8], out: &mut Vec<u8>, most: usize) -> Option<Rest> {
    let mut source = octets;
    let mut frame = FrameDecoder::new();
    frame.set_max_window_size(limits::CONTENT_ZSTD_WINDOW);
    let mut step = [0; STEP_OCTETS];
    let fault = |rest: &[u8]| {
        Some(if rest.is_empty() { Rest::Cut(Coding::Zstd) } else { Rest::Broken(Coding::Zstd) })
    };
    while !source.is_empty() {
        match frame.reset(&mut source) {
            Ok(()) => {}
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                match source.get(length..) {
                    Some(behind) => source = behind,
                    None => return Some(Rest::Cut(Coding::Zstd)),
                }
                continue;
            }
            Err(_) => return fault(source),
        }
        loop {
            let strategy = BlockDecodingStrategy::UptoBlocks(1);
            let failed =
                !frame.is_finished() && frame.decode_blocks(&mut source, strategy).is_err();
            while let Ok(count) = frame.read(&mut step)
                && count > 0
            {
                out.extend_from_slice(step.get(..count).unwrap_or_default());
                if out.len() > most {
                    out.truncate(most);
                    return Some(Rest::More);
                }
            }
            if failed {
                return fault(source);
            }
            if frame.is_finished() && frame.can_collect() == 0 {
                break;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"{\"orders\":[1,2,3]} and the same again: {\"orders\":[1,2,3]}";
    /// `TEXT` by the encoder of Google (PyPI brotli 1.2, quality 11).
    const BROTLI: &[u8] = include_bytes!("coding/text.br");
    /// `TEXT` by the encoder of Facebook (zstd 1.5, with a checksum).
    const ZSTD: &[u8] = include_bytes!("coding/text.zst");

    fn gzip(octets: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    fn taken_off(octets: &[u8], values: &[&[u8]]) -> (Vec<u8>, Option<Rest>) {
        let decoded = decode(octets, values.iter().copied(), 1 << 20);
        (decoded.octets, decoded.rest)
    }

    #[test]
    fn every_coding_comes_off() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(TEXT).unwrap();
        for (octets, value) in [
            (gzip(TEXT), &b"gzip"[..]),
            (gzip(TEXT), b"X-GZIP"),
            ([gzip(b"{\"orders\":[1,2,3]} and "), gzip(&TEXT[23..])].concat(), b"gzip"),
            (zlib.finish().unwrap(), b"deflate"),
            (bare.finish().unwrap(), b"deflate"),
            (BROTLI.to_vec(), b"br"),
            (ZSTD.to_vec(), b"zstd"),
            ([&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], ZSTD].concat(), b"zstd"),
            (TEXT.to_vec(), b"identity"),
            (TEXT.to_vec(), b""),
        ] {
            let name = String::from_utf8_lossy(value);
            assert_eq!(taken_off(&octets, &[value]), (TEXT.to_vec(), None), "{name}");
        }
    }

    #[test]
    fn codings_come_off_from_the_outside() {
        let nested = gzip(&gzip(BROTLI));
        let decoded = decode(&nested, [&b"br, gzip"[..], b"identity , gzip"], 1_000);
        assert_eq!((&decoded.octets[..], decoded.rest), (TEXT, None));
        assert_eq!(decoded.removed, [Coding::Gzip, Coding::Gzip, Coding::Brotli]);
        // An unknown one inside stays on.
        let decoded = decode(&gzip(b"?"), [&b"compress, gzip"[..]], 1_000);
        assert_eq!((&decoded.octets[..], decoded.rest), (&b"?"[..], Some(Rest::Coded)));
        let many = b"gzip,".repeat(limits::CONTENT_CODINGS + 1);
        assert_eq!(taken_off(&nested, &[&many]), (nested.clone(), Some(Rest::Coded)));
    }

    #[test]
    fn what_is_cut_or_broken_gives_what_stands_before() {
        let long: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).collect();
        let whole = gzip(&long);
        let (front, rest) = taken_off(&whole[..whole.len() / 2], &[b"gzip"]);
        assert_eq!(rest, Some(Rest::Cut(Coding::Gzip)));
        assert!(front.len() > 10_000 && long.starts_with(&front), "{}", front.len());
        for (coding, octets, value) in
            [(Coding::Brotli, BROTLI, &b"br"[..]), (Coding::Zstd, ZSTD, b"zstd")]
        {
            for end in 1..octets.len() {
                let (front, rest) = taken_off(&octets[..end], &[value]);
                assert!(TEXT.starts_with(&front));
                // The checksum is all that is missing in the end.
                let all = front == TEXT && coding == Coding::Zstd;
                assert!(all || rest == Some(Rest::Cut(coding)), "{value:?} {end} {rest:?}");
            }
        }
        for value in [&b"gzip"[..], b"deflate", b"br", b"zstd"] {
            let (_, rest) = taken_off(b"<html>not coded at all</html>", &[value]);
            assert!(matches!(rest, Some(Rest::Broken(_) | Rest::Cut(_))), "{value:?} {rest:?}");
        }
    }

    #[test]
    fn bombs_stay_small() {
        let zeros = vec![0; 50 << 20];
        let bomb = gzip(&gzip(&zeros));
        assert!(bomb.len() < 2_000, "{}", bomb.len());
        let decoded = decode(&bomb, [&b"gzip, gzip"[..]], 1 << 20);
        assert_eq!((decoded.octets.len(), decoded.rest), (1 << 20, Some(Rest::More)));
        // A window of 1 GiB that a brotli stream only announces.
        assert_eq!(taken_off(&[0x11, 0x1e, 0, 0], &[b"br"]).1, Some(Rest::Broken(Coding::Brotli)));
    }

    proptest! {
        #[test]
        fn any_octets_end(octets in proptest::collection::vec(any::<u8>(), 0..300), which in 0..4_usize) {
            let value = [&b"gzip"[..], b"deflate", b"br", b"zstd"][which];
            let decoded = decode(&octets, [value], 4_096);
            prop_assert!(decoded.octets.len() <= 4_096);
        }
    }
}
