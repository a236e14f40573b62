//! `httpwhy interfaces`: what can be captured from, and whether this user may, with the cure.

use clap::Args;

use super::Done;
#[cfg(all(feature = "live", unix))]
use super::confine;

#[derive(Debug, Args, Default)]
pub(super) struct Arguments {
    /// Those of this network namespace: a name that ip netns knows, or a path
    #[arg(long, value_name = "NAME|PATH")]
    netns: Option<String>,
    /// Those of the network namespace of this process
    #[arg(long, value_name = "PID", conflicts_with = "netns")]
    pid: Option<u32>,
}

#[cfg(all(feature = "live", unix))]
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    use std::fmt::Write as _;
    use std::io::{self, Write as _};

    use httpwhy::capture::live;
    use httpwhy::error::Error;
    use httpwhy::export::escape;

    let named = arguments.netns.as_deref().map(live::named);
    let namespace = named.or_else(|| arguments.pid.map(live::of_process));
    let devices = live::devices(namespace.as_deref())?;
    let widest = devices.iter().map(|device| device.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for device in devices.iter().filter(|device| device.is_network()) {
        let mut facts = vec![if device.is_up { "up" } else { "down" }.to_owned()];
        facts.extend(device.addresses.iter().map(ToString::to_string));
        facts.extend(device.description.clone());
        if let Some(why) = device.refused.as_deref().filter(|why| !live::is_permission(why)) {
            facts.push(format!("no capture: {why}"));
        }
        let name = escape::text(device.name.as_bytes());
        let facts = escape::text(facts.join("  ").as_bytes()).into_owned();
        let _ = writeln!(text, "{name:<widest$}  {facts}");
    }
    // Buses and logs may ask for more rights than anybody needs here.
    let mut networks = devices.iter().filter(|device| device.is_network());
    let forbidden =
        |device: &live::Device| device.refused.as_deref().is_some_and(live::is_permission);
    let refused = networks.clone().find(|device| forbidden(device));
    text.push('\n');
    match (networks.find(|device| device.refused.is_none()), refused) {
        (Some(device), _) => {
            let name = &device.name;
            let _ = writeln!(text, "You may capture: httpwhy sniff -i {name} tcp port 80");
        }
        (None, Some(device)) => {
            let _ = writeln!(text, "You may not capture:\n{}", live::cure(&device.name));
        }
        (None, None) => text.push_str("There is nothing to capture from.\n"),
    }
    let _ = writeln!(text, "While it reads: {}", confine::offered().line());
    let written = io::stdout().lock().write_all(text.as_bytes());
    written.map_err(|source| Error::Write { what: "standard output".to_owned(), source })?;
    Ok(Done::Well)
}

#[cfg(not(all(feature = "live", unix)))]
pub(super) fn run(_arguments: &Arguments) -> anyhow::Result<Done> {
    anyhow::bail!("this httpwhy was built without live capture; it reads what tcpdump writes")
}
