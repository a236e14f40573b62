//! The catalogue of status codes: complete in both languages, true to the facts, and readable in a
//! terminal.

use std::collections::HashSet;
use std::path::Path;

use httpwhy::status::{
    Class, Explanation, Language, Level, Registration, Source, Status, Text, all, explain, list,
    lookup, phrase_belongs_to, phrase_ok,
};

/// Columns on a terminal, counted another way than the library does it: what is not in the blocks
/// of Latin and general punctuation is Chinese here, and wide.
fn columns(line: &str) -> usize {
    line.chars().map(|character| if character < '\u{2e80}' { 1 } else { 2 }).sum()
}

fn is_chinese(character: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&character) || ('\u{ff00}'..='\u{ffef}').contains(&character)
}

/// Every text of a row with a name to report it by.
fn texts(status: &'static Status) -> Vec<(&'static str, Text)> {
    let mut texts = vec![("gist", status.gist), ("meaning", status.meaning)];
    texts.extend(status.sent_by.map(|text| ("sent_by", text)));
    texts.extend(status.request.iter().map(|demand| ("request", demand.text)));
    texts.extend(status.response.iter().map(|demand| ("response", demand.text)));
    for (name, slice) in [
        ("causes", status.causes),
        ("distinguish", status.distinguish),
        ("cures", status.cures),
        ("remarks", status.remarks),
    ] {
        texts.extend(slice.iter().map(|&text| (name, text)));
    }
    texts
}

fn without_literals(text: &str) -> String {
    text.split('`').step_by(2).collect()
}

#[test]
fn the_catalogue_is_sorted_without_duplicates_and_lookup_finds_every_row() {
    let codes: Vec<u16> = all().map(|status| status.code).collect();
    assert_eq!(codes.len(), 115);
    assert!(codes.is_sorted_by(|before, after| before < after), "{codes:?}");
    for status in all() {
        assert_eq!(lookup(status.code), Some(status));
    }
    for absent in [0, 99, 105, 427, 600, 1000, u16::MAX] {
        assert_eq!(lookup(absent), None);
    }
}

#[test]
fn every_row_is_complete() {
    for status in all() {
        let code = status.code;
        assert!(!status.phrase.is_empty(), "{code}");
        assert!(!status.causes.is_empty(), "{code}: no causes");
        assert!(!status.cures.is_empty(), "{code}: no cures");
        let registered = status.registration != Registration::Unregistered;
        assert_eq!(registered, !status.sources.is_empty(), "{code}: sources");
        assert_eq!(registered, status.vendor.is_none(), "{code}: vendor");
        for related in status.related {
            assert_ne!(*related, code, "{code}: related to itself");
            assert!(lookup(*related).is_some(), "{code}: related {related} has no row");
        }
        let mut related = status.related.to_vec();
        related.sort_unstable();
        related.dedup();
        assert_eq!(related.len(), status.related.len(), "{code}: related twice");
    }
}

#[test]
fn the_codes_that_people_ask_about_say_how_to_tell_causes_apart() {
    for code in [101, 204, 304, 400, 401, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504] {
        let status = lookup(code).expect("in the catalogue");
        assert!(status.causes.len() >= 2, "{code}: causes");
        assert!(status.distinguish.len() >= 2, "{code}: distinguish");
        assert!(status.cures.len() >= 2, "{code}: cures");
    }
}

#[test]
fn every_text_is_there_in_both_languages() {
    for status in all() {
        for (name, text) in texts(status) {
            let code = status.code;
            let (english, chinese) = (text.english, text.chinese);
            assert!(!english.is_empty() && !chinese.is_empty(), "{code} {name}");
            assert!(!english.contains(is_chinese), "{code} {name}: Chinese in {english:?}");
            assert!(chinese.contains(is_chinese), "{code} {name}: no Chinese in {chinese:?}");
            assert_eq!(english.matches('`').count() % 2, 0, "{code} {name}: {english:?}");
            assert_eq!(chinese.matches('`').count() % 2, 0, "{code} {name}: {chinese:?}");
            assert!(!english.contains("  ") && !chinese.contains("  "), "{code} {name}: blanks");
            // A run of English words outside literals is a sentence that nobody translated.
            let prose = without_literals(chinese);
            let longest = prose
                .split(is_chinese)
                .map(|run| run.split_whitespace().filter(|word| is_lower_case(word)).count())
                .max();
            assert!(longest <= Some(3), "{code} {name}: untranslated? {chinese:?}");
        }
    }
}

fn is_lower_case(word: &str) -> bool {
    word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase())
}

#[test]
fn chinese_texts_use_chinese_punctuation() {
    for status in all() {
        for (name, text) in texts(status) {
            let prose = without_literals(text.chinese);
            let marks: Vec<char> = prose.chars().collect();
            for pair in marks.windows(2) {
                let bad = is_chinese(pair[0]) && matches!(pair[1], ',' | ';' | ':' | '(' | ')');
                assert!(!bad, "{} {name}: {prose:?}", status.code);
            }
        }
    }
}

#[test]
fn the_texts_need_no_escaping_in_markdown() {
    for status in all() {
        for (name, text) in texts(status) {
            for language in Language::ALL {
                let prose = without_literals(text.in_language(language));
                let bad = prose.contains(['<', '>', '*', '|', '[', '#', '\n']);
                assert!(!bad, "{} {name}: {prose:?}", status.code);
            }
        }
    }
}

#[test]
fn no_line_of_an_explanation_is_wider_than_asked() {
    for width in [24, 40, 60, 80, 100, 132] {
        for language in Language::ALL {
            for code in (0..=999).chain([1000, u16::MAX]) {
                let text = Explanation::of_code(code, language).to_text(width);
                for line in text.lines() {
                    assert!(columns(line) <= width, "{code} at {width}: {line:?}");
                    assert_eq!(line, line.trim_end(), "{code} at {width}");
                }
                assert!(text.ends_with('\n') && !text.contains('`'), "{code} at {width}");
            }
        }
    }
}

#[test]
fn every_explanation_fits_a_screen_of_forty_lines() {
    for status in all() {
        for language in Language::ALL {
            let text = explain(status, language, 80);
            let lines = text.lines().count();
            assert!(lines <= 40, "{} takes {lines} lines:\n{text}", status.code);
        }
    }
}

#[test]
fn sources_are_cited_as_people_do() {
    let cite = |code: u16, language: Language| -> Vec<String> {
        let status = lookup(code).expect("in the catalogue");
        status.sources.iter().map(|source| source.cite(language)).collect()
    };
    let english = Language::English;
    assert_eq!(cite(503, english), ["RFC 9110 section 15.6.4"]);
    assert_eq!(cite(401, english), ["RFC 9110 sections 15.5.2, 11.6.1"]);
    assert_eq!(cite(401, Language::Chinese), ["RFC 9110 第 15.5.2、11.6.1 节"]);
    assert_eq!(cite(305, english), ["RFC 9110 section 15.4.6", "RFC 7231 appendix B"]);
    assert_eq!(cite(104, english), ["draft-ietf-httpbis-resumable-upload"]);
}

#[test]
fn explain_502_leads_with_the_upstream_and_tells_the_causes_apart() {
    let status = lookup(502).expect("in the catalogue");
    let text = explain(status, Language::English, 80);
    assert!(text.starts_with("502 Bad Gateway: no usable answer from the upstream\n"), "{text}");
    let order = [
        "Sent by",
        "Usual causes, the most likely first",
        " 1 Upstream down",
        "How packets tell them apart",
        "SYN answered by RST",
        "What to change",
        "nginx",
        "What is demanded",
        "Worth knowing",
        "See also 503 504",
    ];
    let mut rest = text.as_str();
    for word in order {
        let (_, after) = rest.split_once(word).unwrap_or_else(|| panic!("{word:?} in\n{text}"));
        rest = after;
    }
}

#[test]
fn a_code_without_a_row_is_explained_by_its_class() {
    for (code, class, stands_for) in [
        (199, Class::Informational, "100"),
        (299, Class::Successful, "200"),
        (399, Class::Redirection, "300"),
        (427, Class::ClientError, "400"),
        (549, Class::ServerError, "500"),
        (0, Class::Other, "500"),
        (99, Class::Other, "500"),
        (600, Class::Other, "500"),
        (998, Class::Other, "500"),
    ] {
        assert_eq!(Class::of(code), class);
        assert_eq!(lookup(code), None);
        for language in Language::ALL {
            let text = Explanation::of_code(code, language).to_text(80);
            assert!(text.starts_with(&code.to_string()), "{text}");
            assert!(text.contains(class.name().in_language(language)), "{text}");
            assert!(text.contains(stands_for) && text.contains("RFC 9110"), "{text}");
        }
    }
}

#[test]
fn the_class_is_the_first_digit() {
    for code in 0..=999_u16 {
        let expected = match code / 100 {
            1 => Class::Informational,
            2 => Class::Successful,
            3 => Class::Redirection,
            4 => Class::ClientError,
            5 => Class::ServerError,
            _ => Class::Other,
        };
        assert_eq!(Class::of(code), expected, "{code}");
    }
}

#[test]
fn the_list_has_one_line_of_eighty_columns_for_each_code() {
    for language in Language::ALL {
        let list = list(language);
        assert_eq!(list.lines().count(), all().len());
        for (line, status) in list.lines().zip(all()) {
            assert!(columns(line) <= 80, "{line:?} takes {}", columns(line));
            assert!(line.starts_with(&status.code.to_string()), "{line:?}");
            assert!(line.contains(status.phrase), "{line:?}");
            assert_eq!(line.contains("* "), status.vendor.is_some(), "{line:?}");
        }
    }
}

#[test]
fn reason_phrases_are_known_with_their_old_and_misspelt_forms() {
    for (code, phrase, ok) in [
        (200, "OK", true),
        (200, "Connection established", true),
        (302, "Found", true),
        (302, "Moved Temporarily", true),
        (302, "moved temporarily", true),
        (404, "Not Found", true),
        (404, "", true),
        (404, "OK", false),
        (408, "Reqeust Timeout", true),
        (413, "Request Entity Too Large", true),
        (413, "Payload Too Large", true),
        (416, "Requestd Range Not Satisfiable", true),
        (418, "I'm a teapot", true),
        (502, "Proxy Error", true),
        (502, "Gateway Time-out", false),
        (200, "Not Found", false),
        (427, "Anything", true),
    ] {
        assert_eq!(phrase_ok(code, phrase.as_bytes()), ok, "{code} {phrase}");
    }
    let owners = |phrase: &str| -> Vec<u16> {
        phrase_belongs_to(phrase.as_bytes()).map(|status| status.code).collect()
    };
    assert_eq!(owners("Not Found"), [404]);
    assert_eq!(owners(" not found "), [404]);
    assert_eq!(owners("Unauthorized"), [401, 407, 561]);
    assert_eq!(owners("Gateway Time-out"), [504]);
    assert_eq!(owners("Alles in Ordnung"), [] as [u16; 0]);
    assert_eq!(owners(""), [] as [u16; 0]);
    assert!(!phrase_ok(404, b"\xff\xfe"));
}

#[test]
fn no_registered_phrase_belongs_to_another_registered_code() {
    for status in all().filter(|status| status.registration == Registration::Permanent) {
        let others: Vec<u16> = phrase_belongs_to(status.phrase.as_bytes())
            .filter(|other| other.code != status.code && other.vendor.is_none())
            .map(|other| other.code)
            .collect();
        // Some proxies send 407 with the phrase of 401.
        let expected: &[u16] = if status.code == 401 { &[407] } else { &[] };
        assert_eq!(others, expected, "{}", status.code);
    }
}

#[test]
fn rows_know_what_rfc_9110_demands() {
    let demands = |code: u16, level: Level, word: &str| {
        let status = lookup(code).expect("in the catalogue");
        status
            .response
            .iter()
            .any(|demand| demand.level == level && demand.text.english.contains(word))
    };
    for (code, level, word) in [
        (101, Level::Must, "Upgrade"),
        (204, Level::MustNot, "Content-Length"),
        (206, Level::Must, "Content-Range"),
        (301, Level::Should, "Location"),
        (304, Level::Must, "ETag"),
        (401, Level::Must, "WWW-Authenticate"),
        (405, Level::Must, "Allow"),
        (407, Level::Must, "Proxy-Authenticate"),
        (413, Level::Should, "Retry-After"),
        (416, Level::Should, "Content-Range"),
        (426, Level::Must, "Upgrade"),
        (429, Level::May, "Retry-After"),
        (503, Level::May, "Retry-After"),
    ] {
        assert!(demands(code, level, word), "{code} {level:?} {word}");
    }
    let cacheable: Vec<u16> =
        all().filter(|status| status.cacheable).map(|status| status.code).collect();
    // RFC 9110 section 15.1, and 451 by RFC 7725 section 3.
    assert_eq!(cacheable, [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501]);
}

#[test]
fn language_tags_and_locales_are_understood() {
    for (tag, language) in [
        ("en", Some(Language::English)),
        ("EN-gb", Some(Language::English)),
        ("zh", Some(Language::Chinese)),
        ("zh-Hans-CN", Some(Language::Chinese)),
        ("zh_CN.UTF-8", Some(Language::Chinese)),
        ("fr", None),
        ("", None),
        ("english", None),
    ] {
        assert_eq!(Language::from_tag(tag), language, "{tag:?}");
    }
}

/// The facts that the rows were written from lie beside the project, not in it.
#[test]
fn the_rows_agree_with_the_facts() {
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec/status-codes.toml");
    let Ok(facts) = std::fs::read_to_string(&facts) else {
        println!("skipped: {} is not there", facts.display());
        return;
    };
    let mut seen = HashSet::new();
    for block in facts.split("[[code]]").skip(1) {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
            line.unwrap_or_else(|| panic!("{name} in {block}"))
        };
        let string = |name: &str| field(name).trim_matches('"');
        let code: u16 = field("code").parse().expect("a number");
        let status = lookup(code).unwrap_or_else(|| panic!("{code} has no row"));
        assert_eq!(status.phrase, string("reason"), "{code}");
        assert_eq!(status.log_only, field("log_only") == "true", "{code}");
        assert_eq!(status.vendor.is_some(), !string("vendor").is_empty(), "{code}");
        let standing = format!("{:?}", status.registration).to_lowercase();
        assert_eq!(standing, string("registration"), "{code}");
        let content = format!("{:?}", status.content).to_lowercase();
        assert_eq!(content, string("body"), "{code}");
        let class = match status.class() {
            Class::Informational => "1xx informational",
            Class::Successful => "2xx successful",
            Class::Redirection => "3xx redirection",
            Class::ClientError => "4xx client error",
            Class::ServerError => "5xx server error",
            Class::Other => "invalid (outside 100-599, treat as 5xx)",
        };
        assert_eq!(class, string("class"), "{code}");
        let aliases = field("reason_aliases").trim_matches(['[', ']']);
        for alias in aliases.split("\", \"").map(|alias| alias.trim_matches('"')) {
            assert!(phrase_ok(code, alias.as_bytes()), "{code}: {alias:?} is not known");
        }
        let cited = status.sources.iter().map(|source| match *source {
            Source::Rfc { number, sections } => (format!("RFC {number} "), sections),
            Source::Draft(name) => (name.to_owned(), [].as_slice()),
        });
        // A row may cite more than the facts do, for what it adds to them.
        let known: Vec<_> = cited.filter(|(document, _)| block.contains(document)).collect();
        assert!(!known.is_empty() || status.sources.is_empty(), "{code}: no source is known");
        for (document, sections) in known {
            for section in sections {
                assert!(block.contains(section), "{code}: {document} {section}");
            }
        }
        seen.insert(code);
    }
    assert_eq!(seen.len(), all().len());
}
