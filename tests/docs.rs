//! The pages that are generated from the program are current. `UPDATE_DOCS=1 cargo test --test docs`
//! writes them anew.

// What is skipped is said.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use httpwhy::diagnosis::CAUSES;
use httpwhy::export::causes;
use httpwhy::http::Flaw;
use httpwhy::status::Language;
use httpwhy::{rules, status};

#[test]
fn the_pages_of_the_status_codes_are_current() {
    let mut pages: BTreeMap<String, String> =
        status::all().map(|row| (format!("{}.md", row.code), status::page(row))).collect();
    pages.insert("README.md".to_owned(), status::index());
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status"), &pages);
}

#[test]
fn the_pages_of_the_rules_are_current() {
    for (language, folder) in
        [(Language::English, "docs/rules"), (Language::Chinese, "docs/rules/zh")]
    {
        let mut pages: BTreeMap<String, String> = rules::RULES
            .iter()
            .map(|rule| (format!("{}.md", rule.id), rules::page(rule, language)))
            .collect();
        pages.insert("README.md".to_owned(), rules::index(language));
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &pages);
    }
}

/// The README counts right, and names what there is.
#[test]
fn the_readme_counts_rules_and_causes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).expect("there is a README");
    for count in
        [format!("{} rules judge", rules::RULES.len()), format!("has all {},", CAUSES.len())]
    {
        assert!(readme.contains(&count), "the README does not say {count:?}");
    }
    let (_, table) = readme.split_once("## What it tells you").expect("a table of causes");
    let (table, _) = table.split_once("\n## ").expect("its end");
    let named = table.split('`').skip(1).step_by(2);
    for id in named.clone() {
        assert!(CAUSES.iter().any(|cause| cause.id == id), "{id} is no cause");
    }
    assert!(named.count() >= 10);
}

#[test]
fn the_pages_of_the_causes_are_current() {
    const ENGLISH: &str = "# Causes\n\nWhy an exchange failed, in the names of `why`, of CSV's `cause` and of \
        `diagnosis` records. `httpwhy explain CAUSE` prints the same; [in Chinese](causes.zh.md).\n";
    const CHINESE: &str = "# 失败的原因\n\n交换为何失败：这些名称用于过滤器的 `why`、CSV 的 `cause` 和 `diagnosis` 记录。\
        `httpwhy explain CAUSE --lang zh` 打印相同的内容；[英文](causes.md)。\n";
    for (language, name, head) in
        [(Language::English, "causes.md", ENGLISH), (Language::Chinese, "causes.zh.md", CHINESE)]
    {
        let sections = CAUSES.iter().map(|cause| causes::section(cause, language));
        let page = sections.fold(head.to_owned(), |page, section| page + "\n" + &section);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &page).expect("the page can be written");
        }
        let current = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(current == page, "{name}: run UPDATE_DOCS=1 cargo test --test docs");
    }
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

/// The rows of a table of Markdown, without its head.
fn rows(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let heads = ["code", "event", "name", "---"];
    lines.map(cells).filter(|row| !heads.contains(&row[0].as_str())).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn doc(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let page = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    page.replace("\r\n", "\n")
}

#[test]
fn every_statement_of_the_founding_document_is_accounted_for() {
    let rows = rows(&doc("statements.md"));
    assert_eq!(rows.len(), 144);
    let mut checked = 0;
    for row in &rows {
        let [code, statement, by] = &row[..] else { panic!("{row:?}") };
        assert!(!code.is_empty() && !statement.is_empty() && !by.is_empty(), "{row:?}");
        for name in quoted(by) {
            assert!(rules::find(name).is_some(), "{name} of {row:?} is no rule");
        }
        let why = by.split_once("explanation only").map(|(_, why)| why);
        assert!(why.is_none_or(|why| why.len() > 20), "{row:?} does not say why");
        assert!(why.is_some() || by.contains('`'), "{row:?} names no rule");
        checked += usize::from(why.is_none());
    }
    assert!(checked > 110, "{checked} are checked");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec/rules.md");
    let Ok(catalogue) = fs::read_to_string(path) else {
        println!("skipped: the catalogue is not there to compare with");
        return;
    };
    let section = catalogue.split("## 7. Seed coverage").nth(1).expect("section 7");
    let section = section.split("\n## ").next().expect("its text");
    let theirs = self::rows(section);
    let key = |row: &Vec<String>| (row[0].clone(), row[1].clone());
    assert!(rows.iter().map(key).eq(theirs.iter().map(key)), "not the same statements");
}

#[test]
fn every_event_of_suricata_and_zeek_is_accounted_for() {
    let page = doc("events.md");
    let (suricata, zeek) = page.split_once("## Zeek").expect("two tables");
    let tables = [rows(suricata), rows(zeek)];
    assert_eq!(tables[0].len(), 88, "Suricata has 88 events");
    for row in tables.iter().flatten() {
        let [name, flaws, by] = &row[..] else { panic!("{row:?}") };
        for flaw in quoted(flaws) {
            assert!(Flaw::ALL.iter().any(|known| known.name() == flaw), "{flaw} of {name}");
        }
        for rule in quoted(by) {
            assert!(rules::find(rule).is_some(), "{rule} of {name} is no rule");
        }
        let why_not = by.strip_prefix("no: ").or(by.strip_prefix("no rule: "));
        assert!(by.contains('`') || why_not.is_some_and(|why| why.len() > 10), "{row:?}");
    }
    for flaw in Flaw::ALL {
        for (table, names) in tables.iter().zip([flaw.suricata(), flaw.zeek()]) {
            for name in names {
                let row = table.iter().find(|row| row[0].trim_matches('`') == *name);
                let row = row.unwrap_or_else(|| panic!("{name} is not in docs/events.md"));
                assert!(quoted(&row[1]).any(|named| named == flaw.name()), "{name}: {row:?}");
            }
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
        .map(|entry| entry.expect("the folder can be read").path())
        // A folder of pages in another language is looked at by itself.
        .filter(|path| !path.is_dir())
        .map(|path| {
            let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
            // Line ends that a checkout may have changed do not make a page stale.
            let page = fs::read_to_string(&path).expect("pages are text").replace("\r\n", "\n");
            (name, page)
        })
        .collect()
}
