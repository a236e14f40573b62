//! The first octets of something that is no capture in, what it is and what to do about it out.

/// What begins so, and its cure, as the end of "… is not a capture: ".
pub(super) fn what(octets: &[u8]) -> String {
    /// "it is …", and what to do.
    const KNOWN: &[(&[u8], &str)] = &[
        (
            b"\xfd7zXZ\0",
            "it is compressed with xz; unpack it on the way: `xz -dc FILE | httpwhy -`",
        ),
        (b"BZh", "it is compressed with bzip2; unpack it on the way: `bzip2 -dc FILE | httpwhy -`"),
        (
            b"\x04\x22\x4d\x18",
            "it is compressed with lz4; unpack it on the way: `lz4 -dc FILE | httpwhy -`",
        ),
        (
            b"\x1f\x9d",
            "it is compressed with compress; unpack it on the way: `gzip -dc FILE | httpwhy -`",
        ),
        (b"PK\x03\x04", "it is a ZIP archive; unpack it on the way: `unzip -p FILE | httpwhy -`"),
        (
            b"7z\xbc\xaf\x27\x1c",
            "it is a 7z archive; unpack it on the way: `7z x -so FILE | httpwhy -`",
        ),
        (b"snoop\0\0\0", "it is a snoop file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"GMBU", "it is a Microsoft NetMon file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"RTSS", "it is a Microsoft NetMon file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"XCP\0", "it is a NetXray file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"TRSNIFF data", "it is a Sniffer file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"iptrace ", "it is an iptrace file; convert it: `editcap -F pcapng FILE NEW`"),
        (b"btsnoop\0", "it is a Bluetooth capture, which holds no HTTP"),
        (b"\x7fELF", "it is a program"),
        (b"MZ", "it is a Windows program"),
        (b"SQLite format 3\0", "it is a database"),
        (b"%PDF", "it is a PDF document"),
        (b"CLIENT_RANDOM ", "it holds TLS keys; the capture that they belong to is another file"),
        (b"SERVER_HANDSHAKE_TRAFFIC_SECRET ", "it holds TLS keys; the capture is another file"),
        (b"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "it holds TLS keys; the capture is another file"),
    ];
    if octets.is_empty() {
        return "it is empty (was there traffic, and was the disk full?)".into();
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| octets.starts_with(magic)) {
        return (*what).into();
    }
    if octets.len() < 4 {
        let plural = if octets.len() == 1 { "" } else { "s" };
        return format!("it has only {} octet{plural}", octets.len());
    }
    if octets.iter().all(|&octet| octet == 0) {
        return "it is all zeros (disk full or machine failed while capturing?)".into();
    }
    if is_text(octets) {
        return text(octets);
    }
    let start: Vec<String> = octets.iter().take(4).map(|octet| format!("{octet:02x}")).collect();
    format!("it starts with {}, {EXPECTED}", start.join(" "))
}

const EXPECTED: &str = "a capture with d4 c3 b2 a1 (pcap) or 0a 0d 0d 0a (pcapng)";

/// Whether people can read it.
pub(super) fn is_text(octets: &[u8]) -> bool {
    let whole = match str::from_utf8(octets) {
        Ok(_) => true,
        // Cut inside a character.
        Err(error) => error.error_len().is_none(),
    };
    whole && !octets.iter().any(|octet| matches!(octet, 0..=8 | 14..=26 | 28..=31 | 127))
}

fn text(octets: &[u8]) -> String {
    let has = |word: &[u8]| memchr::memmem::find(octets, word).is_some();
    let trimmed = octets.trim_ascii_start();
    if trimmed.starts_with(b"{") || trimmed.starts_with(b"[") {
        if has(b"\"log\"") && (has(b"\"entries\"") || has(b"\"creator\"")) {
            return "it is a HAR file, which a browser or proxy wrote; packets are needed: let \
                    `tcpdump -w FILE` capture them"
                .into();
        }
        if has(b"\"_source\"") && has(b"\"layers\"") {
            return "it is tshark's JSON output; let it write packets: add `-w -` and drop `-T`"
                .into();
        }
        return "it is JSON; packets are needed: let `tcpdump -w FILE` capture them".into();
    }
    if trimmed.starts_with(b"<") {
        return "it is a page of HTML or XML (was it downloaded without signing in?)".into();
    }
    if starts_as_tcpdump_prints(trimmed) {
        return "it is tcpdump's text output; let it write packets: add `-w -`, and drop `-t` of \
                kubectl or docker"
            .into();
    }
    format!("it starts with text, {EXPECTED}")
}

/// `12:04:11.204113 IP …`, a date before it, or the greeting.
fn starts_as_tcpdump_prints(octets: &[u8]) -> bool {
    let clock = |octets: &[u8]| {
        octets.len() >= 9
            && octets.iter().zip(b"00:00:00.").all(|(octet, shape)| match shape {
                b'0' => octet.is_ascii_digit(),
                _ => octet == shape,
            })
    };
    octets.starts_with(b"tcpdump: ")
        || octets.starts_with(b"IP ")
        || octets.starts_with(b"IP6 ")
        || clock(octets)
        || octets.get(11..).is_some_and(clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_alike_is_named_with_its_cure() {
        for (octets, said) in [
            (&b""[..], "empty"),
            (b"\xd4", "only 1 octet"),
            (b"\xd4\xc3\xb2", "only 3 octets"),
            (b"\0\0\0\0\0\0\0\0", "all zeros"),
            (b"\xfd7zXZ\0\0\x04", "xz -dc"),
            (b"BZh91AY&SY", "bzip2 -dc"),
            (b"\x04\x22\x4d\x18\x64", "lz4 -dc"),
            (b"PK\x03\x04\x14", "unzip -p"),
            (b"snoop\0\0\0\0\0\0\x02", "editcap"),
            (b"GMBU\x01\x02", "NetMon"),
            (b"\x7fELF\x02\x01", "program"),
            (b"{ \"log\": { \"version\": \"1.2\", \"creator\": {}", "HAR"),
            (b"[{\"a\":1}]", "JSON"),
            (b"12:04:11.204113 IP 10.0.0.1.80 > 10.0.0.2.5:", "add `-w -`"),
            (b"2026-11-22 12:04:11.204113 IP 10.0.0.1.80 >", "add `-w -`"),
            (b"tcpdump: listening on any, link-type", "add `-w -`"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"Dear diary", "starts with text, a capture with d4 c3 b2 a1 (pcap)"),
            (b"\x01\x02\x03\xff\xff", "starts with 01 02 03 ff"),
        ] {
            let text = what(octets);
            assert!(text.contains(said), "{octets:?} gave {text:?}, which lacks {said:?}");
        }
    }
}
