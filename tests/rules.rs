//! Every rule is documented, speaks both languages, fires on its dialogue that hits and keeps silent
//! on the one that misses, however TCP cut them; and does what the catalogue's examples say.

// What is skipped is said.
#![allow(clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use httpwhy::rules::{
    CHINESE_HEADINGS, Chinese, Finding, HEADINGS, Parameters, RULES, Rule, Severity, documentation,
    find, sections,
};
use httpwhy::status::Language;
use support::packets::{Segment, Stacks};
use support::{catalogue, dialogue, findings, packets, transform};

/// Rules that look at where segments begin, so that another segmentation is another case.
const BY_SEGMENT: &[&str] = &[];

/// Rules, and which of their examples in the catalogue is encrypted, which a dialogue in clear cannot say.
const ENCRYPTED: &[(&str, bool)] =
    &[("redirect-https-downgrade", true), ("credentials-in-cleartext", false)];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn fixture(rule: &Rule, name: &str) -> Vec<Segment> {
    let path = folder().join(rule.id).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let script = dialogue::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    packets::segments(&script, &Stacks::default())
}

/// The same conversation as TCP may have cut it.
fn cuts(rule: &str, segments: &[Segment]) -> Vec<(String, Vec<Segment>)> {
    let mut all = vec![("as written".to_owned(), segments.to_vec())];
    if !BY_SEGMENT.contains(&rule) {
        all.push(("octet by octet".to_owned(), transform::resegment(segments, 1, 0)));
        for seed in 1..=3 {
            let cut = transform::resegment(segments, 40, seed);
            all.push((format!("cut at random, seed {seed}"), cut));
        }
    }
    all
}

fn of<'f>(findings: &'f [Finding], rule: &Rule) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| std::ptr::eq(finding.rule, rule)).collect()
}

#[test]
fn rules_are_sorted_and_named() {
    for pair in RULES.windows(2) {
        assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
    }
    for rule in RULES {
        let named =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        assert!(rule.id.bytes().all(named), "{}", rule.id);
        assert!(std::ptr::eq(find(rule.id).expect("it is there"), *rule));
        assert!(rule.file.starts_with("src/rules/"), "{} is in {}", rule.id, rule.file);
    }
}

#[test]
fn rules_are_documented() {
    for rule in RULES {
        let text = documentation(rule);
        let mut rest = text.as_str();
        for (place, heading) in HEADINGS.iter().enumerate() {
            let (before, behind) = rest
                .split_once(&format!("{heading}\n"))
                .unwrap_or_else(|| panic!("{} lacks {heading:?}", rule.id));
            assert!(place == 0 || before.trim().len() > 5, "{} before {heading:?}", rule.id);
            rest = behind;
        }
        assert!(rest.trim().len() > 5, "{} ends without advice", rule.id);
        assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}", rule.id);
        let sourced = ["RFC ", "section ", "practice", "specification", "draft"];
        assert!(sourced.iter().any(|word| rule.source.contains(word)), "{}", rule.id);
        for parameter in rule.parameters {
            assert!(!parameter.default.is_empty() && !parameter.meaning.is_empty(), "{}", rule.id);
        }
    }
}

/// How many English words stand in a row at most, apart from what is to be typed. A message that a
/// server sends may be quoted.
fn english_words(text: &str) -> usize {
    let is_word = |word: &str| {
        let word = word.trim_end_matches(',');
        word.len() > 1 && word.bytes().all(|octet| octet.is_ascii_lowercase())
    };
    let untyped = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let words: Vec<bool> = untyped.split_whitespace().map(is_word).collect();
    words.split(|word| !word).map(<[bool]>::len).max().unwrap_or(0)
}

#[test]
fn rules_are_documented_in_chinese_too() {
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let known: Vec<&str> = sections().map(|(id, _)| id).collect();
    for id in &known {
        assert!(find(id).is_some(), "{id} in src/rules/chinese is no rule");
        assert_eq!(known.iter().filter(|other| *other == id).count(), 1, "{id} stands there twice");
    }
    for rule in RULES {
        let folder = rule.file.replace("src/rules/", "src/rules/chinese/").replace(".rs", ".md");
        let text = Chinese::of(rule)
            .unwrap_or_else(|| panic!("{} has no Chinese text: write it in {folder}", rule.id));
        assert!(is_chinese(text.title) && !text.title.ends_with('。'), "{}: its title", rule.id);
        for line in text.documentation.lines().chain(text.notes.iter().map(|(_, note)| *note)) {
            assert!(english_words(line) < 5, "{}: English in {line:?} in {folder}", rule.id);
        }
        let mut rest = text.documentation.as_str();
        for heading in CHINESE_HEADINGS {
            let (before, behind) = rest
                .split_once(&format!("{heading}\n"))
                .unwrap_or_else(|| panic!("{} lacks {heading:?} in {folder}", rule.id));
            assert!(before.is_empty() || is_chinese(before), "{} before {heading:?}", rule.id);
            rest = behind;
        }
        assert!(is_chinese(rest), "{} ends without advice in {folder}", rule.id);
        for parameter in rule.parameters {
            let note = text.note(parameter.name);
            assert!(
                note.is_some_and(is_chinese),
                "{} lacks {} in {folder}",
                rule.id,
                parameter.name
            );
        }
        for (severity, _) in rule.otherwise {
            let note = text.note(severity.name());
            assert!(note.is_some_and(is_chinese), "{} lacks {severity:?} in {folder}", rule.id);
        }
    }
}

#[test]
fn rules_speak_both_languages_about_the_same() {
    let names = |template: &str| -> BTreeSet<String> {
        let parts = template.split('{').skip(1);
        parts.map(|rest| rest.split('}').next().unwrap_or_default().to_owned()).collect()
    };
    for rule in RULES {
        let message = rule.message;
        assert!(message.chinese.chars().any(|c| c > '\u{2e80}'), "{}", rule.id);
        assert_eq!(names(message.english), names(message.chinese), "{}", rule.id);
    }
}

#[test]
fn every_rule_hits_and_misses() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for (name, expected) in [("hit.http", true), ("miss.http", false)] {
            wrong.extend(misjudged(rule, name, &fixture(rule, name), expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_head_is_as_long_as_the_parameters_say() {
    let rule = find("header-section-oversize").unwrap();
    let segments = fixture(rule, "miss.http");
    for (parameter, least) in [("fields", 0.0), ("section", 30.0), ("start_line", 5.0)] {
        let mut parameters = Parameters::default();
        parameters.set(rule.id, parameter, &[least]).unwrap();
        let found = findings::judge_with(&segments, &parameters);
        assert!(!of(&found, rule).is_empty(), "{parameter} of {least}");
    }
}

/// How a rule goes wrong on a conversation, a line for each way to cut it.
fn misjudged(rule: &Rule, name: &str, segments: &[Segment], expected: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (how, segments) in cuts(rule.id, segments) {
        let found = findings::judge(&segments);
        let own = of(&found, rule);
        own.iter().for_each(|finding| complete(finding));
        if own.is_empty() == expected {
            let all: BTreeSet<&str> = found.iter().map(|finding| finding.rule.id).collect();
            wrong.push(format!("{}, {name}, {how}: {expected} was expected, of {all:?}", rule.id));
        }
    }
    wrong
}

/// A finding says all that it has to say.
fn complete(finding: &Finding) {
    let rule = finding.rule;
    let severities: Vec<_> =
        std::iter::once(rule.severity).chain(rule.otherwise.iter().map(|(s, _)| *s)).collect();
    let declared = severities.contains(&finding.severity)
        || severities.iter().any(|severity| severity.milder() == finding.severity);
    assert!(declared, "{} is {:?}", rule.id, finding.severity);
    for language in Language::ALL {
        let template = rule.message.in_language(language);
        for rest in template.split('{').skip(1) {
            let name = rest.split('}').next().unwrap_or_default();
            assert!(finding.value(name, language).is_some(), "{}: no {{{name}}}", rule.id);
        }
        let message = finding.message(language);
        assert!(!message.contains(['\r', '\n']) && message.len() < 1_500, "{message}");
    }
    assert!(finding.packets.is_sorted() && !finding.packets.is_empty(), "{finding:?}");
}

#[test]
fn every_fixture_has_a_rule() {
    for entry in fs::read_dir(folder()).expect("the fixtures are there") {
        let name = entry.expect("the folder can be read").file_name();
        let name = name.to_string_lossy();
        assert!(find(&name).is_some(), "tests/rules/{name} belongs to no rule");
    }
}

#[test]
fn the_examples_of_the_catalogue_are_judged_as_it_says() {
    let Some(entries) = catalogue::read() else {
        println!("skipped: ../shared/spec/rules.toml is not there");
        return;
    };
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for entry in &entries {
        let Some(rule) = find(&entry.id) else {
            missing.push(entry.id.as_str());
            continue;
        };
        for (example, expected) in [(&entry.positive, true), (&entry.negative, false)] {
            if ENCRYPTED.contains(&(rule.id, expected)) {
                continue;
            }
            let segments = catalogue::segments(example);
            wrong.extend(misjudged(rule, "the catalogue's example", &segments, expected));
        }
    }
    println!(
        "{} of {} rules; not there: {missing:?}",
        entries.len() - missing.len(),
        entries.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Captures that show a fault on purpose, and the rules that find it with severity error.
const FAULTY: &[(&str, &[&str])] = &[
    // A 405 without Allow, a 401 without a challenge: the most frequent ones there are.
    ("arkime__80211http.pcap", &["method-not-allowed-without-allow"]),
    ("arkime__arkime_synthetic.pcap", &["unauthorized-without-challenge"]),
    (
        "malcolm__plugins__zeek-httpattacks__http.trace",
        &[
            "framing-cl-and-te",
            "framing-cl-differing",
            "framing-te-obfuscated",
            "host-duplicate",
            "host-missing",
        ],
    ),
    ("pcpp__HttpMalformedResponse.pcapng", &["framing-chunk-line-ending"]),
    ("reset-before-response.pcap", &["request-unanswered"]),
    ("smuggling.pcap", &["request-inside-body"]),
    // A CONNECT of HTTP/1.1 without Host.
    ("sv__http-connect__http-connect-tls.pcap", &["host-missing"]),
    // The server says HTTP/1.0 without keep-alive, and goes on twice.
    ("sv__http-gap-simple.pcap", &["response-after-close"]),
    // It hands out /etc/passwd.
    ("sv__tcp-fastopen-06__tfo-s1.pcap", &["probe-path"]),
    ("truncated-body.pcap", &["body-truncated"]),
    ("zeek__http__261__variant-09-te_obs_fold.pcap", &["framing-te-obfuscated", "syntax-obs-fold"]),
    // The client does not mask its frames.
    ("zeek__websocket__wstunnel-http.pcap", &["websocket-frame-invalid"]),
];

#[test]
fn only_faulty_captures_have_errors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("../shared/corpus/captures");
    let mut seen = 0;
    for folder in [root.join("samples"), corpus] {
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("skipped: {} is not there", folder.display());
            continue;
        };
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            if ![".pcap", ".pcapng", ".trace"].iter().any(|end| name.ends_with(end)) {
                continue;
            }
            seen += 1;
            let found = findings::judge_file(&path);
            found.iter().for_each(complete);
            let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
            let errors: BTreeSet<&str> = errors.map(|finding| finding.rule.id).collect();
            let known = FAULTY.iter().find(|(faulty, _)| *faulty == name);
            let expected = known.map_or(&[][..], |(_, rules)| rules);
            assert!(errors.iter().eq(expected), "{name}: {errors:?}, not {expected:?}");
        }
    }
    assert!(seen > 20, "the samples are there");
}
