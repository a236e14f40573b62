//! The WebSocket handshake and the header of its frames (RFC 6455).

/// What the server has to answer to a key: base64 of SHA-1 of the key and a constant (section
/// 4.2.2).
pub fn accept(key: &[u8]) -> String {
    let mut text = key.to_vec();
    text.extend_from_slice(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    base64(&sha1(&text))
}

/// Whether a key is one: sixteen octets in base64 (section 4.1).
pub fn is_key(key: &[u8]) -> bool {
    let [digits @ .., b'=', b'='] = key else { return false };
    let digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    digits.len() == 22 && digits.iter().all(digit)
}

/// The beginning of a frame (section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The three reserved bits; the highest one is what compression uses.
    pub reserved: u8,
    /// What the frame is.
    pub opcode: u8,
    /// Whether the payload is masked, as everything that a client sends.
    pub masked: bool,
}

impl Frame {
    /// Reads the first two octets of a frame.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let [first, second, ..] = octets else { return None };
        Some(Self { reserved: first >> 4 & 7, opcode: first & 15, masked: second & 0x80 != 0 })
    }
}

/// SHA-1 (RFC 3174): here it proves that a handshake was answered, and protects nothing.
fn sha1(text: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = text.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        round(&mut state, block);
    }
    let mut digest = [0; 20];
    for (octets, word) in digest.chunks_exact_mut(4).zip(state) {
        octets.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn round(state: &mut [u32; 5], block: &[u8]) {
    let mut words = [0_u32; 80];
    for (word, octets) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet));
    }
    for index in 16..80 {
        let earlier = [3, 8, 14, 16].map(|back: usize| words[index - back]);
        words[index] = earlier.into_iter().fold(0, |mixed, word| mixed ^ word).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (index, word) in words.into_iter().enumerate() {
        let (mixed, constant) = match index {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6),
        };
        let next =
            [a.rotate_left(5), mixed, e, constant, word].into_iter().fold(0_u32, u32::wrapping_add);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(more);
    }
}

fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, place| {
            bits << 8 | u32::from(group.get(place).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let digit = bits >> (18 - 6 * place) & 63;
            let known = place <= group.len();
            text.push(if known { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_rfc_is_answered() {
        // RFC 6455 section 1.3.
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(!is_key(b"dGhlIHNhbXBsZSBub25jZQ") && !is_key(b"short==") && !is_key(b""));
    }

    #[test]
    fn sha1_is_right_at_the_ends_of_its_blocks() {
        // RFC 3174 section 7.3, and lengths around the padding.
        let hexadecimal = |text: &[u8]| -> String {
            sha1(text).iter().map(|octet| format!("{octet:02x}")).collect()
        };
        assert_eq!(hexadecimal(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hexadecimal(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hexadecimal(&[b'a'; 55]), "c1c8bbdc22796e28c0e15163d20899b65621d65a");
        assert_eq!(hexadecimal(&[b'a'; 64]), "0098ba824b5c16427bd7a1122a5a442a25ec644d");
    }

    #[test]
    fn a_frame_tells_itself_in_two_octets() {
        let frame = Frame::parse(&[0xc1, 0x85]).unwrap();
        assert_eq!(frame, Frame { reserved: 4, opcode: 1, masked: true });
        assert_eq!(Frame::parse(&[0x81]), None);
    }
}
