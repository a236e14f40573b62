//! Writes the synthetic workloads that benchmarks read, and beside each what it holds:
//!
//! ```text
//! cargo bench --bench captures                       100 MB of each into target/tmp
//! cargo bench --bench captures -- 500 DIR            500 MB of each into DIR
//! cargo bench --bench captures -- 500 DIR short …    only these
//! ```
//!
//! `benches/workloads.sh` makes captures of the same kinds from real programs.

// It speaks to who runs it, and stops at the first thing that is wrong.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;
mod workload;

use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;

use workload::Workload;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds options of its own, such as --bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with("--")).collect();
    let megabytes: u64 = words.first().map_or(Ok(100), |word| word.parse())?;
    let folder = words.get(1).map_or(env!("CARGO_TARGET_TMPDIR"), String::as_str);
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    let mut wanted = Vec::new();
    for name in words.iter().skip(2) {
        let found = Workload::ALL.into_iter().find(|workload| workload.name() == name);
        wanted.push(found.ok_or_else(|| format!("no workload is called {name}"))?);
    }
    if wanted.is_empty() {
        wanted.extend(Workload::ALL);
    }
    for workload in wanted {
        let path = folder.join(format!("{}.pcap", workload.name()));
        let truth = workload::write(workload, megabytes * 1_000_000, &mut File::create(&path)?)?;
        fs::write(path.with_extension("truth.tsv"), truth.to_string())?;
        println!(
            "{}: {} octets, {} packets, {} connections, {} exchanges",
            path.display(),
            truth.file_octets,
            truth.packets,
            truth.connections,
            truth.exchanges()
        );
    }
    Ok(())
}
