//! UDP (RFC 768): a datagram in; out comes what the tunnels among its users carry. A port is only a
//! hint: what does not look like the tunnel is UDP and nothing else.

use etherparse::UdpHeaderSlice;

use super::descent::{Descent, Step};
use super::{Layer, Skip, tunnel};

pub(super) fn datagram<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let header = UdpHeaderSlice::from_slice(bytes).map_err(|_| descent.short(Layer::Udp))?;
    let datagram = match header.length() {
        // Longer than the field can say: a jumbogram, or not yet segmented.
        0 => bytes,
        1..8 => return Err(Skip::Malformed(Layer::Udp)),
        len => descent.trim(bytes, usize::from(len)),
    };
    let payload = descent.behind(datagram, 8, Layer::Udp)?;
    let (source, destination) = (header.source_port(), header.destination_port());
    match destination {
        // The source port is only there to spread the load.
        4754 => return tunnel::gre_in_udp(descent, payload),
        4789 | 8472 => return tunnel::vxlan(descent, payload),
        4790 => return tunnel::vxlan_generic(descent, payload),
        6081 => return tunnel::geneve(descent, payload),
        6635 => return tunnel::mpls_in_udp(descent, payload),
        37008 => return tunnel::tzsp(descent, payload),
        _ => {}
    }
    for port in [destination, source] {
        match port {
            443 if payload.first().is_some_and(|octet| octet & 0x40 != 0) => {
                return Err(Skip::Quic);
            }
            1701 => return tunnel::l2tp(descent, payload),
            2152 => return tunnel::gtp(descent, payload),
            3386 => return tunnel::gtp_version_0(descent, payload),
            3544 => return tunnel::teredo(descent, payload),
            // RFC 3948 section 2.2: four zero octets mark key exchange among the encrypted.
            4500 if payload.first_chunk::<4>().is_some_and(|spi| *spi != [0; 4]) => {
                return Err(Skip::Esp);
            }
            5072 => return tunnel::ayiya(descent, payload),
            _ => {}
        }
    }
    match payload {
        // RFC 9000 section 17.2, RFC 9369 section 3.1: long header, version.
        [0xc0..=0xff, 0, 0, 0, 1, ..] | [0xc0..=0xff, 0x6b, 0x33, 0x43, 0xcf, ..] => {
            Err(Skip::Quic)
        }
        _ => Err(Skip::Udp),
    }
}
