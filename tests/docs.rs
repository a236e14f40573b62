//! The pages that are generated from the program are current. `UPDATE_DOCS=1 cargo test --test docs`
//! writes them anew.

// What is skipped is said.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use httpwhy::http::Flaw;
use httpwhy::status;

#[test]
fn the_pages_of_the_status_codes_are_current() {
    let mut pages: BTreeMap<String, String> =
        status::all().map(|row| (format!("{}.md", row.code), status::page(row))).collect();
    pages.insert("README.md".to_owned(), status::index());
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status"), &pages);
}

#[test]
fn the_page_of_the_flaws_is_current() {
    let mut page = String::from(
        "# Flaws\n\n\
         What httpwhy records where a message differs from the grammar of RFC 9112. A flaw is a fact \
         without an opinion: the message was read all the same. The names stand in the `flaws` of \
         records; beside them the events that Suricata (`app-layer-event:http.…`) and the weirds that \
         Zeek raises for the same.\n\n\
         | flaw | meaning | Suricata | Zeek |\n| --- | --- | --- | --- |\n",
    );
    let names = |names: &[&str]| match names {
        [] => "–".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    for flaw in Flaw::ALL {
        page += &format!(
            "| `{}` | {} | {} | {} |\n",
            flaw.name(),
            flaw.meaning().trim(),
            names(flaw.suricata()),
            names(flaw.zeek())
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/flaws.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/flaws.md is not current; run UPDATE_DOCS=1 cargo test --test docs"
    );
}

#[test]
fn the_names_of_suricata_and_zeek_are_theirs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/field.md");
    let Ok(field) = fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    for flaw in Flaw::ALL {
        for name in flaw.suricata() {
            // The study writes groups as `invalid_x_in_request/_response` or `x_start/_end`.
            let stem = name.rsplit_once('_').map_or(*name, |(stem, _)| stem);
            let known = field.contains(name) || field.contains(stem);
            assert!(known, "{name} of {} is unknown", flaw.name());
        }
        for name in flaw.zeek() {
            let stem = name.rsplit_once('_').map_or(*name, |(stem, _)| stem);
            assert!(field.contains(name) || field.contains(stem), "{name} of {}", flaw.name());
        }
    }
}

/// Holds a folder to exactly these files, or makes it so.
fn check(folder: &Path, pages: &BTreeMap<String, String>) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(folder).expect("the folder can be made");
        for name in present(folder).keys().filter(|name| !pages.contains_key(*name)) {
            fs::remove_file(folder.join(name)).expect("an old page can be removed");
        }
        for (name, page) in pages {
            fs::write(folder.join(name), page).expect("a page can be written");
        }
    }
    let present = present(folder);
    let stale: BTreeSet<&String> = pages
        .keys()
        .chain(present.keys())
        .filter(|name| pages.get(*name) != present.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "not current in {}: {stale:?}; run UPDATE_DOCS=1 cargo test --test docs",
        folder.display()
    );
}

/// The files of a folder by name; none if there is no folder.
fn present(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
            // Line ends that a checkout may have changed do not make a page stale.
            let page = fs::read_to_string(&path).expect("pages are text").replace("\r\n", "\n");
            (name, page)
        })
        .collect()
}
