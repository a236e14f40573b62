//! Writers of capture files for tests, good ones and bad ones: every length can be a lie. They share
//! no code with the readers.

#![allow(dead_code, reason = "each test crate that includes this file needs a part of it")]

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

pub const MICRO: u32 = 0xa1b2_c3d4;
pub const NANO: u32 = 0xa1b2_3c4d;
pub const MODIFIED: u32 = 0xa1b2_cd34;

/// A pcap file in the making.
#[derive(Debug, Clone)]
pub struct Pcap {
    pub octets: Vec<u8>,
    order: Order,
    magic: u32,
}

impl Pcap {
    /// A file of microseconds, little-endian, Ethernet, without a tight snap length.
    pub fn new() -> Self {
        Self::with(Order::Little, MICRO, 262_144, 1)
    }

    pub fn with(order: Order, magic: u32, snaplen: u32, link: u32) -> Self {
        let mut octets = Vec::new();
        octets.extend(order.u32(magic));
        octets.extend(order.u16(2));
        octets.extend(order.u16(4));
        octets.extend([0; 8]);
        octets.extend(order.u32(snaplen));
        octets.extend(order.u32(link));
        Self { octets, order, magic }
    }

    /// A record whose header says whatever it is told to say.
    pub fn record(mut self, time: (u32, u32), caplen: u32, len: u32, data: &[u8]) -> Self {
        for field in [time.0, time.1, caplen, len] {
            self.octets.extend(self.order.u32(field));
        }
        if self.magic == MODIFIED {
            self.octets.extend([0, 0, 0, 3, 8, 0, 0, 0]);
        }
        self.octets.extend(data);
        self
    }

    /// An honest record.
    pub fn packet(self, time: (u32, u32), data: &[u8]) -> Self {
        let len = data.len() as u32;
        self.record(time, len, len, data)
    }

    /// Honest records, one a millisecond, of different lengths.
    pub fn packets(mut self, count: u32) -> Self {
        for nth in 0..count {
            self = self.packet((1_700_000_000, nth * 1_000), &payload(nth));
        }
        self
    }

    pub fn raw(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self
    }
}

/// The octets of the nth test packet: never two alike, and never what a header looks like.
pub fn payload(nth: u32) -> Vec<u8> {
    (0..60 + nth % 7).map(|octet| (octet * 7 + nth * 13) as u8 | 0x80).collect()
}

/// A pcapng file in the making.
#[derive(Debug, Clone)]
pub struct Pcapng {
    pub octets: Vec<u8>,
    order: Order,
}

impl Pcapng {
    /// A file with one section and no interface.
    pub fn new(order: Order) -> Self {
        Self { octets: Vec::new(), order }.section(order)
    }

    /// A file with one section and an Ethernet interface.
    pub fn ethernet(order: Order) -> Self {
        Self::new(order).interface(1, 0, &[])
    }

    /// A further section.
    pub fn section(mut self, order: Order) -> Self {
        self.order = order;
        let mut body = Vec::new();
        body.extend(order.u32(0x1a2b_3c4d));
        body.extend(order.u16(1));
        body.extend(order.u16(0));
        body.extend(order.u64(u64::MAX));
        self.block(0x0a0d_0d0a, &body)
    }

    pub fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut octets = Vec::new();
        for (code, value) in options {
            octets.extend(self.order.u16(*code));
            octets.extend(self.order.u16(value.len() as u16));
            octets.extend(*value);
            octets.resize(octets.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            octets.extend([0; 4]);
        }
        octets
    }

    pub fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = Vec::new();
        body.extend(self.order.u16(link));
        body.extend([0; 2]);
        body.extend(self.order.u32(snaplen));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    /// An Enhanced Packet Block whose captured length may lie.
    pub fn enhanced_claiming(
        self,
        (interface, ticks, caplen): (u32, u64, u32),
        data: &[u8],
        options: &[(u16, &[u8])],
    ) -> Self {
        let mut body = Vec::new();
        for field in [interface, (ticks >> 32) as u32, ticks as u32, caplen, data.len() as u32] {
            body.extend(self.order.u32(field));
        }
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body)
    }

    pub fn enhanced(
        self,
        interface: u32,
        ticks: u64,
        data: &[u8],
        options: &[(u16, &[u8])],
    ) -> Self {
        self.enhanced_claiming((interface, ticks, data.len() as u32), data, options)
    }

    /// The Packet Block of old.
    pub fn old(self, interface: u16, ticks: u64, data: &[u8], options: &[(u16, &[u8])]) -> Self {
        let mut body = Vec::new();
        body.extend(self.order.u16(interface));
        body.extend(self.order.u16(0xffff));
        let len = data.len() as u32;
        for field in [(ticks >> 32) as u32, ticks as u32, len, len] {
            body.extend(self.order.u32(field));
        }
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(2, &body)
    }

    pub fn simple(self, len: u32, data: &[u8]) -> Self {
        let mut body = self.order.u32(len).to_vec();
        body.extend(data);
        self.block(3, &body)
    }

    /// An Interface Statistics Block with `isb_ifrecv`, `isb_ifdrop` and `isb_osdrop`.
    pub fn statistics(self, interface: u32, [received, dropped, system]: [u64; 3]) -> Self {
        let order = self.order;
        let mut body = Vec::new();
        for field in [interface, 0, 0] {
            body.extend(order.u32(field));
        }
        body.extend(self.options(&[
            (4, &order.u64(received)),
            (5, &order.u64(dropped)),
            (7, &order.u64(system)),
        ]));
        self.block(5, &body)
    }

    /// Any block, with honest lengths.
    pub fn block(self, kind: u32, body: &[u8]) -> Self {
        let length = body.len().next_multiple_of(4) as u32 + 12;
        self.block_claiming(kind, (length, length), body)
    }

    /// Any block, with any lengths.
    pub fn block_claiming(mut self, kind: u32, lengths: (u32, u32), body: &[u8]) -> Self {
        self.octets.extend(self.order.u32(kind));
        self.octets.extend(self.order.u32(lengths.0));
        self.octets.extend(body);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self.octets.extend(self.order.u32(lengths.1));
        self
    }

    /// Honest packets of interface 0, one a millisecond, in microseconds.
    pub fn packets(mut self, count: u32) -> Self {
        for nth in 0..count {
            let ticks = 1_700_000_000_000_000 + u64::from(nth) * 1_000;
            self = self.enhanced(0, ticks, &payload(nth), &[]);
        }
        self
    }
}

/// A small generator of numbers, the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
