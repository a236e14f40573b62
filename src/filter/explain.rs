//! The language for people: `httpwhy explain filter`, and the page of it in `docs`.

use super::fields::FIELDS;
use super::kind::Kind;
use super::term::TERMS;

/// Columns of the text.
const COLUMNS: usize = 80;

/// Expressions to begin with, and what they ask.
static EXAMPLES: &[(&str, &str)] = &[
    ("status >= 500 and path ~ /checkout", "a failing endpoint"),
    ("5xx and client in 10.0.0.0/8", "what one network suffered"),
    ("ttfb > 2s or unanswered", "slow, or never answered"),
    ("status in {500, 502..504}", "a list and a range"),
    ("why = stale-keepalive", "failed for this reason"),
    ("header(\"retry-after\")", "either message has the header"),
    ("response.header(\"server\") ~ nginx", "the header matches"),
    ("method = POST and request.bytes > 1MB", "large uploads"),
    ("host = shop.example.com and not complete", "captured in part"),
    ("checkout", "a word in host or target"),
    ("\"/a b\"", "the same with a blank in it"),
    ("http.response.code == 502 && tcp.port == 80", "as in Wireshark"),
    ("~c 502 ~m POST", "as in mitmproxy"),
];

/// What operators mean.
static OPERATORS: &[(&str, &str)] = &[
    ("=  ==  eq", "equal; of a status or a time also within: status = 5xx"),
    ("!=  ne", "not equal"),
    (">  >=  <  <=", "order (gt ge lt le); not of texts"),
    ("~  matches", "a regular expression is found in it"),
    ("!~", "it is not"),
    ("contains", "a text is found in it"),
    ("in  not in", "one of a list {a, b}, a range a..b or a network"),
    ("and  &&  &", "both"),
    ("or  ||  |", "one of them"),
    ("not  !", "the opposite; binds closer than and, and closer than or"),
    ("( )", "what belongs together"),
];

/// What is not plain from the tables.
static REMARKS: &[&str] = &[
    "A field by itself asks whether it has a value. A comparison with several values holds where it \
     holds for one of them. The operators `!=`, `!~` and `not in` are exactly the opposite of `=`, `~` \
     and `in`: where there is no value, `=` and `<` are false and `!=` is true. So `status != 200` has \
     the unanswered requests too; `response and status != 200` has not.",
    "Searching (`~`, `contains`, a bare word) does not tell upper from lower case; in a regular \
     expression `(?-i)` changes that. Equality (`=`, `in`) does for texts, not for names.",
    "A value may be a word or stand in quotes, single or double, with `\\\" \\\\ \\n \\r \\t \\0 \\xHH`. \
     Regular expressions go without quotes too, up to a blank, and keep their backslashes.",
    "`why`, `finding`, `severity` and `problems` ask what becomes known behind an exchange: where the \
     answer depends on it, the exchange waits for it (at least 5 seconds of the capture), and those \
     behind it wait too, so that the order stays.",
    "Times count in UTC. `+30s` is 30 seconds behind the first packet of the capture, whatever that packet \
     carries; `12:04` is a minute of the day on which the first packet came. `--since T --until U` asks \
     `time >= T and time < U`, beside any filter.",
    "`502` and `5xx` by themselves ask the status. Names are the same in upper and lower case, and \
     with `-` or `_`. A bare word that is the name of a field asks for the field; in quotes it is \
     looked for.",
];

/// The language in a text of 80 columns, for a terminal.
pub fn explain() -> String {
    let mut text = String::from(
        "Filters: one expression says which exchanges are meant (-Y, --fail-on).\n\
         Fields are columns, too: -e FIELD.\n\nExamples\n",
    );
    for (example, meaning) in EXAMPLES {
        text.push_str(&row(example, 45, meaning));
    }
    text.push_str("\nOperators\n");
    for (signs, meaning) in OPERATORS {
        text.push_str(&row(signs, 18, meaning));
    }
    text.push_str("\nFields\n");
    for field in FIELDS {
        text.push_str(&row(field.name, 18, &format!("{} ({})", field.meaning, field.kind.name())));
        if !field.aliases.is_empty() {
            text.push_str(&row("", 18, &format!("also {}", field.aliases.join(", "))));
        }
    }
    text.push_str(&row("header(\"NAME\")", 18, "A header of request or response (text)"));
    text.push_str(&row("", 18, "also request.header(\"NAME\"), response.header(\"NAME\")"));
    text.push_str("\nValues\n");
    for kind in Kind::ALL {
        text.push_str(&row(kind.name(), 18, kind.looks()));
    }
    text.push_str("\nTerms of mitmproxy\n");
    for term in TERMS {
        text.push_str(&row(term.name, 18, term.meaning));
    }
    for remark in REMARKS {
        text.push('\n');
        text.push_str(&row("", 0, remark));
    }
    text
}

/// The same as a page of Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Filters\n\nOne expression says which exchanges are meant: for `-Y` (`--filter`) and `--fail-on`. \
         `-e` shows [the same fields as columns](csv.md#columns-of-your-own). \
         `httpwhy explain filter` prints the same. Generated from `src/filter`; \
         rewrite with `UPDATE_DOCS=1 cargo test --test filter`.\n",
    );
    let mut table = |title: &str, head: &str, rows: Vec<String>| {
        let columns = head.matches('|').count();
        page += &format!("\n## {title}\n\n| {head} |\n|{}\n", " --- |".repeat(columns + 1));
        for row in rows {
            page += &format!("| {row} |\n");
        }
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(left, right)| format!("{} | {}", code(left), plain(right))).collect()
    };
    table("Examples", "expression | meaning", pairs(EXAMPLES));
    table("Operators", "operator | meaning", pairs(OPERATORS));
    let mut fields: Vec<String> = FIELDS
        .iter()
        .map(|field| {
            let aliases: Vec<String> = field.aliases.iter().map(|alias| code(alias)).collect();
            format!(
                "{} | {} | {} | {} | {}",
                code(field.name),
                field.kind.name(),
                plain(field.meaning),
                code(field.example),
                aliases.join(", ")
            )
        })
        .collect();
    fields.push(
        "`header(\"NAME\")` | text | A header of request or response. | \
         `header(\"retry-after\")` | `request.header(\"NAME\")`, `response.header(\"NAME\")` for one \
         of them"
            .to_owned(),
    );
    table("Fields", "field | kind | meaning | example | also", fields);
    let kinds = Kind::ALL.iter().map(|kind| format!("{} | {}", kind.name(), plain(kind.looks())));
    table("Values", "kind | looks like", kinds.collect());
    let terms = TERMS.iter().map(|term| format!("`{}` | {}", term.name, term.meaning));
    table("Terms of mitmproxy", "term | meaning", terms.collect());
    page += "\n## Remarks\n";
    for remark in REMARKS {
        page += &format!("\n{}\n", plain(remark));
    }
    page
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Text in which Markdown sees no marks but those of code.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut in_code = false;
    for letter in text.chars() {
        in_code ^= letter == '`';
        if letter == '|' || (!in_code && "*_~\\".contains(letter)) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Two columns: a word, and a text that is broken where it has to be.
fn row(word: &str, column: usize, text: &str) -> String {
    let indent = if column > 0 { 2 } else { 0 };
    let mut line = format!("{}{word:<column$}", " ".repeat(indent));
    let mut out = String::new();
    let start = indent + column;
    let mut width = line.chars().count();
    // A word that leaves no room for its meaning has a line of its own.
    if column > 0 && !line.ends_with(' ') {
        out.push_str(line.trim_end());
        out.push('\n');
        line = " ".repeat(start);
        width = start;
    }
    for part in text.split(' ') {
        let wide = part.chars().count();
        if width > start && width + 1 + wide > COLUMNS {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(start);
            width = start;
        }
        if width > start {
            line.push(' ');
            width += 1;
        }
        line.push_str(part);
        width += wide;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    #[test]
    fn all_examples_are_filters() {
        for (example, _) in EXAMPLES {
            Filter::parse(example).unwrap_or_else(|mistake| panic!("{mistake}"));
        }
    }
}
