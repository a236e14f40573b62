//! Which devices there are, whether this program may capture from them, and what to say where it
//! cannot.

use std::net::IpAddr;
use std::path::Path;

use crate::error::Error;

use super::namespace;

/// A device that libpcap knows.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its name, as `-i` takes it.
    pub name: String,
    /// What it is, where libpcap says so.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether it leads back to this machine.
    pub is_loopback: bool,
    /// Why it cannot be captured from: what the system said. `None`: it can.
    pub refused: Option<String>,
}

/// The devices of a network namespace, each tried.
///
/// # Errors
///
/// There is no libpcap, or no such namespace.
pub fn devices(namespace: Option<&Path>) -> Result<Vec<Device>, Error> {
    need_libpcap()?;
    namespace::inside(namespace, || {
        let unlisted = |error| Error::Live(format!("cannot list devices: {}", said(&error)));
        let found = pcap::Device::list().map_err(unlisted)?;
        Ok(found.into_iter().map(Device::tried).collect())
    })
}

impl Device {
    /// Whether it carries IP: libpcap lists buses and logs too.
    pub fn is_network(&self) -> bool {
        is_network(&self.name)
    }

    /// Tries to open a device, which shows whether it may be captured from.
    fn tried(found: pcap::Device) -> Self {
        let opened = pcap::Capture::from_device(found.name.as_str()).and_then(pcap::Capture::open);
        Self {
            refused: opened.err().map(|error| said(&error)),
            is_up: found.flags.is_up(),
            is_loopback: found.flags.is_loopback(),
            addresses: found.addresses.iter().map(|address| address.addr).collect(),
            description: found.desc,
            name: found.name,
        }
    }
}

/// Says what to install where there is no libpcap.
pub(super) fn need_libpcap() -> Result<(), Error> {
    #[cfg(libpcap_is_loaded)]
    if !super::libpcap::is_there() {
        return Err(Error::Live(super::libpcap::MISSING.to_owned()));
    }
    Ok(())
}

/// What libpcap said.
pub(super) fn said(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

/// Why a device could not be opened, and the cure.
pub(super) fn refusal(device: &str, error: &pcap::Error) -> Error {
    let why = said(error);
    if is_permission(&why) {
        return Error::Live(format!("may not capture on {device}: {why}\n{}", cure(device)));
    }
    let known = pcap::Device::list().unwrap_or_default();
    if !known.is_empty() && known.iter().all(|one| one.name != device) {
        let names: Vec<String> =
            known.iter().filter(|one| is_network(&one.name)).map(named).collect();
        let there = names.join(", ");
        let cure = match device.contains(',') {
            true => "one interface is captured from at a time, or -i any: all of them",
            false => "httpwhy interfaces shows more",
        };
        return Error::Live(format!(
            "there is no interface `{device}`; there are: {there}\n{cure}"
        ));
    }
    let cure = if why.contains("not up") {
        format!("\nsudo ip link set {device} up   brings it up; -i any captures on all that are up")
    } else {
        String::new()
    };
    Error::Live(format!("cannot capture on {device}: {why}{cure}"))
}

/// A name, and whether it is worth trying.
fn named(device: &pcap::Device) -> String {
    let state = if device.flags.is_up() { "" } else { " (down)" };
    format!("{}{state}", device.name)
}

fn is_network(name: &str) -> bool {
    const OTHERS: [&str; 6] = ["nflog", "nfqueue", "dbus-", "usbmon", "bluetooth", "lowpan"];
    OTHERS.iter().all(|other| !name.starts_with(other))
}

/// Whether somebody with more rights could have done what was refused so.
pub fn is_permission(why: &str) -> bool {
    ["ermission", "not permitted", "CAP_NET_RAW"].iter().any(|word| why.contains(word))
}

/// How to get permission.
pub fn cure(device: &str) -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().map_or_else(|| "httpwhy".into(), Path::to_string_lossy);
    format!(
        "run it once with sudo, or allow this program for good:\n  \
         sudo setcap cap_net_raw=eip {program}\n\
         or let tcpdump capture:  sudo tcpdump -i {device} -U -w - | httpwhy sniff -"
    )
}

/// Why a capture filter is none.
pub(super) fn mistake(filter: &str, error: &pcap::Error) -> Error {
    let ours = ["==", ">=", "~", "status", "http"].iter().any(|word| filter.contains(word));
    let hint = if ours {
        "what is asked of exchanges goes to -Y, as in -Y 'status >= 500'"
    } else {
        "man pcap-filter has the language, as in: tcp port 8080 and host 10.0.0.5"
    };
    let why = said(error);
    Error::Usage(format!("capture filter `{filter}`: {why}\n{hint}"))
}
