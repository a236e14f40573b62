//! Compressed captures: the same packets as the plain ones, and all before a break.

use httpwhy::capture::{Compression, Fault, Then};

use super::files::{Order, Pcap, Pcapng};
use super::{Outcome, ZSTD_FIXTURE, gzip, open, read, zstd};

#[test]
fn compressed_files_give_what_the_plain_ones_give() {
    let skippable = [0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    for plain in
        [Pcap::new().packets(3_000).octets, Pcapng::ethernet(Order::Little).packets(3_000).octets]
    {
        let whole = read(&plain).packets;
        let (first, second) = plain.split_at(plain.len() / 3);
        let raw_block: Vec<u8> = {
            // A frame of one raw block: magic, descriptor (single segment, size of 2 octets).
            let part = &first[..1_000];
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x60];
            frame.extend(((part.len() - 256) as u16).to_le_bytes());
            frame.extend(&((part.len() as u32) << 3 | 1).to_le_bytes()[..3]);
            frame.extend(part);
            frame
        };
        for (name, file, by) in [
            ("gzip", gzip(&plain), vec![Compression::Gzip]),
            ("two members", [gzip(first), gzip(second)].concat(), vec![Compression::Gzip]),
            ("twice", gzip(&gzip(&plain)), vec![Compression::Gzip; 2]),
            ("zstd", zstd(&plain), vec![Compression::Zstd]),
            ("two frames", [zstd(first), zstd(second)].concat(), vec![Compression::Zstd]),
            (
                "skippable frames",
                [&skippable[..], &zstd(first), &skippable, &zstd(second), &skippable].concat(),
                vec![Compression::Zstd],
            ),
            (
                "raw block",
                [&raw_block[..], &zstd(&plain[1_000..])].concat(),
                vec![Compression::Zstd],
            ),
            ("zstd in gzip", gzip(&zstd(&plain)), vec![Compression::Gzip, Compression::Zstd]),
        ] {
            let outcome = read(&file);
            assert_eq!(outcome.damages(), [], "{name}");
            assert_eq!(outcome.packets, whole, "{name}");
            assert_eq!(outcome.inputs[0].compression, by, "{name}");
        }
    }
    let outcome = read(&ZSTD_FIXTURE);
    assert_eq!((outcome.packets.len(), outcome.damages()), (3, vec![]));
    assert_eq!(outcome.packets[2].octets, b"GET / HTTP/1.1\r\n".repeat(20));
}

#[test]
fn a_broken_compressed_stream_gives_everything_before_the_break() {
    let plain = Pcap::new().packets(20_000).octets;
    let whole = read(&plain).packets;
    for (compression, file) in
        [(Compression::Gzip, gzip(&plain)), (Compression::Zstd, zstd(&plain))]
    {
        for eighths in 1..8 {
            let at = file.len() * eighths / 8;
            let outcome = read(&file[..at]);
            let count = outcome.packets.len();
            assert_eq!(outcome.packets, whole[..count]);
            // The ratio is nearly the same all over the file.
            assert!(count + 2_500 >= whole.len() * eighths / 8, "{compression}: {count}");
            let read = outcome.inputs[0].octets;
            let cut = Fault::CutCompression(compression);
            assert_eq!(outcome.damages(), [(read, cut, Then::WentOn)]);

            let mut corrupt = file.clone();
            corrupt[at..].fill(0xff);
            let outcome = Outcome::of(open(&corrupt).unwrap());
            let count = outcome.packets.len();
            assert!(count + 2_500 >= whole.len() * eighths / 8, "{compression}: {count}");
            assert!(
                // Octets of ones may decode to the end of the file, and then it is cut.
                outcome.damages().iter().any(|(_, what, _)| match what {
                    Fault::BadCompression(by, _) | Fault::CutCompression(by) => *by == compression,
                    _ => false,
                }),
                "{compression}: {:?}",
                outcome.damages()
            );
        }
    }
    let mut checked = ZSTD_FIXTURE;
    checked[77] ^= 1;
    let outcome = read(&checked);
    assert_eq!(outcome.packets.len(), 3);
    assert!(matches!(outcome.damages()[0].1, Fault::BadCompression(Compression::Zstd, _)));
}
