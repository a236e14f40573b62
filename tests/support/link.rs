//! What may stand around an IP packet: a stack of tags, labels and tunnels, and the link layer
//! of the capture. In goes an IP packet, out comes a frame; headers are written octet by octet,
//! so that they test a decoder instead of repeating its library.

use httpwhy::wire::LinkType;

use super::script::Side;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const BRIDGED_ETHERNET: u16 = 0x6558;

/// The outermost header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Ethernet II.
    Ethernet,
    /// Linux cooked capture.
    Sll,
    /// Linux cooked capture, version 2, on the interface with this index.
    Sll2(u32),
    /// BSD loopback, written on a little-endian machine.
    Null,
    /// No link layer.
    Raw,
}

impl Link {
    /// Its number in the registry of link types.
    pub fn link_type(self) -> LinkType {
        LinkType(match self {
            Self::Ethernet => 1,
            Self::Sll => 113,
            Self::Sll2(_) => 276,
            Self::Null => 0,
            Self::Raw => 101,
        })
    }
}

/// One layer between the link and the IP packet of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// IEEE 802.1Q tag.
    Vlan(u16),
    /// IEEE 802.1ad service tag, the outer one of two.
    ServiceVlan(u16),
    /// MPLS label.
    Mpls(u32),
    /// PPPoE session.
    Pppoe(u16),
    /// GRE over IPv4 (RFC 2784).
    Gre,
    /// IP in IPv4 (RFC 2003, RFC 4213).
    IpInIp,
    /// VXLAN network (RFC 7348).
    Vxlan(u32),
    /// GENEVE network (RFC 8926).
    Geneve(u32),
}

/// A link and the layers on it, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encapsulation {
    /// The link.
    pub link: Link,
    /// The layers.
    pub layers: Vec<Layer>,
}

impl Encapsulation {
    /// IP on Ethernet.
    pub fn ethernet() -> Self {
        Self::on(Link::Ethernet, &[])
    }

    /// Layers on a link, outermost first.
    pub fn on(link: Link, layers: &[Layer]) -> Self {
        Self { link, layers: layers.to_vec() }
    }

    /// One of each kind, and some that stand inside one another.
    pub fn all() -> Vec<Self> {
        use Layer::{Geneve, Gre, IpInIp, Mpls, Pppoe, ServiceVlan, Vlan, Vxlan};
        let mut all: Vec<Self> = [Link::Ethernet, Link::Sll, Link::Sll2(3), Link::Null, Link::Raw]
            .map(|link| Self::on(link, &[]))
            .to_vec();
        for layers in [
            [Vlan(42)].as_slice(),
            &[ServiceVlan(100), Vlan(42)],
            &[Mpls(16)],
            &[Mpls(16), Mpls(17), Mpls(18)],
            &[Vlan(7), Pppoe(0x1234)],
            &[Gre],
            &[IpInIp],
            &[Vxlan(5001)],
            &[Geneve(5002)],
            &[Vlan(9), Vxlan(5001), Vlan(10)],
            &[Gre, IpInIp, Geneve(1)],
        ] {
            all.push(Self::on(Link::Ethernet, layers));
        }
        all.push(Self::on(Link::Sll2(2), &[Vxlan(7)]));
        all.push(Self::on(Link::Raw, &[Gre]));
        all
    }

    /// The frame around an IP packet that `side` sent.
    ///
    /// Panics if a layer stands on one that cannot carry it (a VLAN tag on a raw IP link).
    pub fn wrap(&self, ip: &[u8], side: Side, identification: u16) -> Vec<u8> {
        let (mut protocol, mut octets) = (if is_v6(ip) { IPV6 } else { IPV4 }, ip.to_vec());
        for &layer in self.layers.iter().rev() {
            (protocol, octets) = around(layer, protocol, &octets, side, identification);
        }
        let header = match self.link {
            Link::Ethernet => ethernet(protocol, side),
            Link::Sll => {
                let mut header = vec![0, packet_type(side), 0, 1, 0, 6];
                header.extend_from_slice(&mac(side));
                header.extend_from_slice(&[0, 0]);
                header.extend_from_slice(&protocol.to_be_bytes());
                header
            }
            Link::Sll2(interface) => {
                let mut header = protocol.to_be_bytes().to_vec();
                header.extend_from_slice(&[0, 0]);
                header.extend_from_slice(&interface.to_be_bytes());
                header.extend_from_slice(&[0, 1, packet_type(side), 6]);
                header.extend_from_slice(&mac(side));
                header.extend_from_slice(&[0, 0]);
                header
            }
            Link::Null | Link::Raw => {
                assert!(protocol == IPV4 || protocol == IPV6, "only IP stands on such a link");
                let family: u32 = if protocol == IPV6 { 24 } else { 2 };
                if self.link == Link::Null { family.to_le_bytes().to_vec() } else { Vec::new() }
            }
        };
        [header, octets].concat()
    }
}

/// A locally administered address for each side.
fn mac(side: Side) -> [u8; 6] {
    match side {
        Side::Client => [2, 0, 0, 0, 0, 2],
        Side::Server => [2, 0, 0, 0, 0, 1],
    }
}

/// The cooked captures' packet type: what the client sends leaves the capturing host.
fn packet_type(side: Side) -> u8 {
    match side {
        Side::Client => 4,
        Side::Server => 0,
    }
}

fn is_v6(ip: &[u8]) -> bool {
    ip.first().is_some_and(|octet| octet >> 4 == 6)
}

fn ethernet(protocol: u16, side: Side) -> Vec<u8> {
    [mac(side.other()).as_slice(), &mac(side), &protocol.to_be_bytes()].concat()
}

/// The protocol number and octets of one layer around `inner`.
fn around(
    layer: Layer,
    protocol: u16,
    inner: &[u8],
    side: Side,
    identification: u16,
) -> (u16, Vec<u8>) {
    let tag = |own: u16, id: u16| {
        (own, [&id.to_be_bytes(), protocol.to_be_bytes().as_slice(), inner].concat())
    };
    let tunnel = |ip_protocol: u8, payload: &[u8]| {
        (
            IPV4,
            [outer_ipv4(ip_protocol, payload.len(), side, identification), payload.to_vec()]
                .concat(),
        )
    };
    match layer {
        Layer::Vlan(id) => tag(0x8100, id),
        Layer::ServiceVlan(id) => tag(0x88a8, id),
        Layer::Mpls(label) => {
            let bottom = u32::from(protocol != 0x8847);
            let entry = (label << 12) | (bottom << 8) | 64;
            (0x8847, [entry.to_be_bytes().as_slice(), inner].concat())
        }
        Layer::Pppoe(session) => {
            let ppp: u16 = if is_v6(inner) { 0x0057 } else { 0x0021 };
            let length = length(inner.len() + 2);
            let mut packet = vec![0x11, 0];
            packet.extend_from_slice(&session.to_be_bytes());
            packet.extend_from_slice(&length);
            packet.extend_from_slice(&ppp.to_be_bytes());
            packet.extend_from_slice(inner);
            (0x8864, packet)
        }
        Layer::Gre => tunnel(47, &[&[0, 0], protocol.to_be_bytes().as_slice(), inner].concat()),
        Layer::IpInIp => tunnel(if is_v6(inner) { 41 } else { 4 }, inner),
        Layer::Vxlan(network) => {
            let header = [[8, 0, 0, 0], (network << 8).to_be_bytes()].concat();
            let inner = [header, ethernet(protocol, side), inner.to_vec()].concat();
            tunnel(17, &udp(4789, &inner))
        }
        Layer::Geneve(network) => {
            let [high, low] = BRIDGED_ETHERNET.to_be_bytes();
            let header = [[0, 0, high, low], (network << 8).to_be_bytes()].concat();
            let inner = [header, ethernet(protocol, side), inner.to_vec()].concat();
            tunnel(17, &udp(6081, &inner))
        }
    }
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).expect("a packet of at most 65,535 octets").to_be_bytes()
}

/// UDP without checksum, as tunnels over IPv4 send it.
fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let source: u16 = 54_321;
    let length = length(8 + payload.len());
    [&source.to_be_bytes(), &port.to_be_bytes(), length.as_slice(), &[0, 0], payload].concat()
}

/// The IPv4 header between the two ends of a tunnel.
fn outer_ipv4(protocol: u8, payload: usize, side: Side, identification: u16) -> Vec<u8> {
    let (client, server) = ([192, 0, 2, 2], [192, 0, 2, 1]);
    let (source, destination) = match side {
        Side::Client => (client, server),
        Side::Server => (server, client),
    };
    let mut header = vec![0x45, 0];
    header.extend_from_slice(&length(20 + payload));
    header.extend_from_slice(&identification.to_be_bytes());
    header.extend_from_slice(&[0, 0, 64, protocol, 0, 0]);
    header.extend_from_slice(&source);
    header.extend_from_slice(&destination);
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum);
    header
}

/// The Internet checksum (RFC 1071) of a header of an even number of octets.
pub fn checksum(header: &[u8]) -> [u8; 2] {
    let words =
        header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    (!(folded as u16)).to_be_bytes()
}
