//! What the capture lacks and what went wrong on the way, summed up over connections.

use crate::http::Connection;

/// Sums over all connections, both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality {
    /// Octets of payload, each counted once, lost ones included.
    pub octets: u64,
    /// Of those, octets that no packet of the capture carries.
    pub missing: u64,
    /// Of those, octets that the snap length cut off.
    pub cut: u64,
    /// Connections that miss octets for either reason.
    pub holed: u64,
    /// Segments.
    pub segments: u64,
    /// Segments that were sent again.
    pub retransmissions: u64,
    /// Segments that were overtaken.
    pub reordered: u64,
    /// Ranges sent in two versions.
    pub conflicts: u64,
    /// Segments with urgent data.
    pub urgent: u64,
    /// Keep-alive and window probes.
    pub probes: u64,
    /// Segments that announced a window of zero.
    pub zero_windows: u64,
    /// Segments outside the receiver's window.
    pub ignored: u64,
    /// Connections that the capture began inside of.
    pub midstream: u64,
    /// Connections of which one side alone was captured.
    pub one_sided: u64,
    /// Failures whose cause was not looked for with all the evidence, since too many failed at one time.
    pub unexamined: u64,
}

impl Quality {
    pub(super) fn add(&mut self, connection: &Connection) {
        let health = &connection.health;
        let long = |pair: [u64; 2]| pair[0].saturating_add(pair[1]);
        let short = |pair: [u32; 2]| u64::from(pair[0]) + u64::from(pair[1]);
        for (sum, count) in [
            (&mut self.octets, long(health.octets)),
            (&mut self.missing, long(health.missing)),
            (&mut self.cut, long(health.cut)),
            (&mut self.segments, long(health.packets)),
            (&mut self.retransmissions, short(health.retransmissions)),
            (&mut self.reordered, short(health.reordered)),
            (&mut self.conflicts, short(health.conflicts)),
            (&mut self.urgent, short(health.urgent)),
            (&mut self.probes, short(health.probes)),
            (&mut self.zero_windows, short(health.zero_windows)),
            (&mut self.ignored, short(health.ignored)),
        ] {
            *sum = sum.saturating_add(count);
        }
        self.holed += u64::from(long(health.missing) > 0 || long(health.cut) > 0);
        self.midstream += u64::from(connection.midstream);
        // Nobody has to answer an attempt.
        let attempted = connection.protocol.is_some();
        self.one_sided += u64::from(connection.one_sided && attempted);
    }
}
