//! The pages that are generated from the program are current. `UPDATE_DOCS=1 cargo test --test docs`
//! writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use httpwhy::status;

#[test]
fn the_pages_of_the_status_codes_are_current() {
    let mut pages: BTreeMap<String, String> =
        status::all().map(|row| (format!("{}.md", row.code), status::page(row))).collect();
    pages.insert("README.md".to_owned(), status::index());
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status"), &pages);
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
