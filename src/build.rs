//! Lets the program be linked where no libpcap is installed. In comes `HTTPWHY_LINK_PCAP`:
//!
//! - `dlopen`, also where it is not set: an empty `libpcap.a` satisfies the linker, and
//!   `capture/live/libpcap.rs` finds the real library when it is needed.
//! - `system`: the linker finds libpcap, as for a static build.

use std::path::PathBuf;
use std::{env, fs, io};

/// An archive of nothing.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=HTTPWHY_LINK_PCAP");
    println!("cargo::rustc-check-cfg=cfg(libpcap_is_loaded)");
    let is_set = |name| env::var_os(name).is_some();
    let asked = env::var("HTTPWHY_LINK_PCAP").unwrap_or_else(|_| "dlopen".to_owned());
    let loads = match asked.as_str() {
        "dlopen" => true,
        "system" => false,
        other => {
            let text = format!("HTTPWHY_LINK_PCAP is dlopen or system, not {other}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
    };
    // macOS has libpcap always.
    let is_macos = env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|system| system == "macos");
    if loads && is_set("CARGO_FEATURE_LIVE") && is_set("CARGO_CFG_UNIX") && !is_macos {
        let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
        fs::write(folder.join("libpcap.a"), EMPTY_ARCHIVE)?;
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-cfg=libpcap_is_loaded");
    }
    Ok(())
}
