//! A network device in, its packets out, as libpcap hands them over: borrowed from the ring that the
//! kernel fills. Never waits for longer than a moment, so that it stops at once on a quiet link,
//! which libpcap's own timeout does not.

mod device;
#[cfg(libpcap_is_loaded)]
mod libpcap;
mod namespace;

use std::os::fd::{AsRawFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::limits::{CAPTURE_FILTER_OCTETS, KERNEL_BUFFER_MIB, PACKET_OCTETS};
use crate::units::Timestamp;
use crate::wire::{LinkType, Packet};

use super::poll;
use super::report::{Fault, Format, Input, Interface, Statistics, Then};
use super::silence::Silence;
use super::source::{Next, Reading, Source};
use super::watch::PATIENCE;

pub use device::{Device, cure, devices, is_permission};
pub use namespace::{named, of_process};

/// How a device is to be captured from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the device; `any` is all of them on Linux.
    pub device: String,
    /// Which packets the kernel is to let pass, as pcap-filter(7) has it; all where it is empty.
    pub filter: String,
    /// Octets kept of each packet.
    pub snaplen: u32,
    /// Octets of the kernel's buffer: what may come while this program is busy.
    pub buffer: u32,
    /// Whether frames for other machines are wanted too, where the device can see them.
    pub promiscuous: bool,
    /// The network namespace that the device is in (see [`named`] and [`of_process`]); the one of
    /// this program where there is none.
    pub namespace: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device: String::new(),
            filter: String::new(),
            snaplen: PACKET_OCTETS as u32,
            buffer: KERNEL_BUFFER_MIB << 20,
            promiscuous: true,
            namespace: None,
        }
    }
}

/// How long the kernel collects packets before it hands them over. Nobody sees the difference to
/// none at all ("immediate mode"), whose ring has a place of the size of the snap length for each
/// packet: 256 of them in 64 MiB, where this one has room for two hundred thousand.
pub const BATCH: Duration = Duration::from_millis(20);

/// How old counters of the kernel may be: reading them takes a system call and a look into files.
const COUNTERS_AGE: Duration = Duration::from_millis(250);

/// Linux's cooked frames with the index of the interface, for the device `any`.
const SLL2: i32 = 276;

/// An open device.
pub struct Live {
    capture: pcap::Capture<pcap::Active>,
    input: Input,
    link: LinkType,
    silence: Silence,
    counters: Counters,
    /// Whether everything that was there was taken.
    dry: bool,
    over: bool,
}

/// Opens a device and begins to capture.
///
/// # Errors
///
/// There is no libpcap, no such device or namespace, or no permission: with the cure. A filter that
/// libpcap does not understand is [`Error::Usage`].
pub fn open(settings: &Settings) -> Result<Live, Error> {
    device::need_libpcap()?;
    if settings.filter.len() > CAPTURE_FILTER_OCTETS {
        let help = "name networks (net 10.0.0.0/8) instead of hosts, or let -Y choose";
        return Err(Error::Usage(format!(
            "a capture filter has at most {CAPTURE_FILTER_OCTETS} octets, this one {}: {help}",
            settings.filter.len()
        )));
    }
    namespace::inside(settings.namespace.as_deref(), || open_here(settings))
}

fn open_here(settings: &Settings) -> Result<Live, Error> {
    let refused = |error: pcap::Error| device::refusal(&settings.device, &error);
    // That there is no such thing on `any` is a warning, and the crate takes it for an error.
    let promiscuous = settings.promiscuous && settings.device != "any";
    let bounded = |octets: u32| i32::try_from(octets).unwrap_or(i32::MAX);
    let capture = pcap::Capture::from_device(settings.device.as_str())
        .map_err(refused)?
        .snaplen(bounded(settings.snaplen.clamp(1, PACKET_OCTETS as u32)))
        .buffer_size(bounded(settings.buffer))
        .promisc(promiscuous)
        .timeout(i32::try_from(BATCH.as_millis()).unwrap_or(1));
    #[cfg(target_os = "linux")]
    let capture = capture.precision(pcap::Precision::Nano);
    let mut capture = capture.open().map_err(refused)?.setnonblock().map_err(refused)?;
    let links = capture.list_datalinks().unwrap_or_default();
    if settings.device == "any" && links.contains(&pcap::Linktype(SLL2)) {
        capture.set_datalink(pcap::Linktype(SLL2)).map_err(refused)?;
    }
    if !settings.filter.is_empty() {
        let mistake = |error| device::mistake(&settings.filter, &error);
        capture.filter(&settings.filter, true).map_err(mistake)?;
    }
    let link = link_type(capture.get_datalink().0);
    let mut input = Input::new(PathBuf::from(&settings.device));
    input.format = Some(Format::Live);
    let mut interface = Interface::new(link, Some(settings.snaplen));
    interface.name = Some(settings.device.clone());
    input.interfaces.push(interface);
    let silence = Silence::default();
    let counters = Counters::default();
    let mut live = Live { capture, input, link, silence, counters, dry: false, over: false };
    live.count();
    Ok(live)
}

/// The number in the registry of link types, which differs from that of libpcap for a few old ones.
fn link_type(link: i32) -> LinkType {
    match link {
        11 => LinkType(100),
        12 | 14 => LinkType(101),
        _ => LinkType(u16::try_from(link).unwrap_or(u16::MAX)),
    }
}

impl Live {
    /// Asks the kernel how much was lost.
    fn count(&mut self) {
        self.counters.at = Some(Instant::now());
        let Ok(found) = self.capture.stats() else { return };
        let Counters { system, interface, .. } = &mut self.counters;
        let counted = Statistics {
            dropped_by_system: Some(system.goes_to(found.dropped)),
            dropped: Some(interface.goes_to(found.if_dropped)),
            delivered: Some(self.input.packets),
            ..Statistics::default()
        };
        if let Some(described) = self.input.interfaces.first_mut() {
            described.statistics = Some(counted);
        }
    }
}

impl AsRawFd for Live {
    fn as_raw_fd(&self) -> RawFd {
        self.capture.as_raw_fd()
    }
}

impl Source for Live {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.over {
            return Ok(Next::End);
        }
        if self.dry && !poll::is_readable(&self.capture, PATIENCE).unwrap_or(true) {
            return Ok(Next::Quiet { now: self.silence.now() });
        }
        match self.capture.next_packet() {
            Ok(found) => {
                self.dry = false;
                let at = timestamp(found.header);
                self.silence.broken(at);
                self.input.packets = self.input.packets.saturating_add(1);
                self.input.octets = self.input.octets.saturating_add(found.data.len() as u64);
                Ok(Next::Packet(Packet {
                    number: self.input.packets,
                    at,
                    link: self.link,
                    interface: 0,
                    len: found.header.len,
                    direction: None,
                    bytes: found.data,
                    offset: 0,
                }))
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.dry = true;
                Ok(Next::Quiet { now: self.silence.now() })
            }
            Err(error) => {
                // The device has gone down, or away: what came before is worth its summary.
                self.over = true;
                let why = Fault::Unreadable(device::said(&error));
                self.input.damage(self.input.octets, why, Then::WentOn);
                Ok(Next::End)
            }
        }
    }

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.input]
    }

    fn reading(&self) -> Reading {
        Reading { octets: self.input.octets, size: None }
    }

    fn refresh(&mut self) {
        if self.counters.at.is_none_or(|at| at.elapsed() >= COUNTERS_AGE) {
            self.count();
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        self.over = true;
        self.count();
        Ok(())
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// The time of a packet, which has nanoseconds on Linux, since they were asked for.
fn timestamp(header: &pcap::PacketHeader) -> Timestamp {
    let scale = if cfg!(target_os = "linux") { 1 } else { 1_000 };
    // Both fields are of 32 bits on some systems.
    #[allow(clippy::useless_conversion)]
    let (seconds, fraction) = (i64::from(header.ts.tv_sec), i64::from(header.ts.tv_usec));
    let nanos =
        seconds.saturating_mul(1_000_000_000).saturating_add(fraction.saturating_mul(scale));
    Timestamp::from_nanos(nanos)
}

/// What the kernel has counted since the beginning.
#[derive(Debug, Default)]
struct Counters {
    at: Option<Instant>,
    system: Counter,
    interface: Counter,
}

/// A counter of 32 bits, which begins anew behind the last of them.
#[derive(Debug, Default)]
struct Counter {
    shown: u32,
    sum: u64,
}

impl Counter {
    fn goes_to(&mut self, shown: u32) -> u64 {
        self.sum = self.sum.saturating_add(shown.wrapping_sub(self.shown).into());
        self.shown = shown;
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_goes_on_where_its_32_bits_end() {
        let mut counter = Counter::default();
        assert_eq!(counter.goes_to(7), 7);
        assert_eq!(counter.goes_to(u32::MAX), u64::from(u32::MAX));
        assert_eq!(counter.goes_to(4), u64::from(u32::MAX) + 5);
    }

    #[test]
    fn link_types_have_the_numbers_of_the_registry() {
        assert_eq!(link_type(1), LinkType(1));
        assert_eq!(link_type(12), LinkType(101));
        assert_eq!(link_type(276), LinkType(276));
    }
}
