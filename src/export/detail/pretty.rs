//! JSON on few lines in, the same with a line for each member and element out. Moves nothing but the
//! blanks between tokens and changes no token, so that numbers, doubles and mistakes stay as they were
//! sent; the front of a text is as welcome as all of it.

/// Deeper members are not moved further to the right.
const DEEPEST: usize = 16;

/// Columns that a member stands to the right of what it is in.
const STEP: usize = 2;

/// The text in lines; `None` where it is not JSON, as far as its tokens tell.
pub(super) fn json(text: &[u8]) -> Option<Vec<u8>> {
    let begins = text.trim_ascii_start().first()?;
    if !matches!(begins, b'{' | b'[') {
        return None;
    }
    let mut lines = Lines::default();
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let Some(first) = rest.first() else { return Some(lines.out) };
        let len = match first {
            b'"' => string(rest),
            b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
            _ => word(rest)?,
        };
        let (token, behind) = rest.split_at_checked(len)?;
        lines.token(token, behind)?;
        rest = behind;
    }
}

/// What was written, and what is open.
#[derive(Default)]
struct Lines {
    out: Vec<u8>,
    open: Vec<u8>,
}

impl Lines {
    fn token(&mut self, token: &[u8], behind: &[u8]) -> Option<()> {
        let next = behind.trim_ascii_start().first();
        match token {
            b"{" | b"[" => {
                let closes = if token == b"{" { b'}' } else { b']' };
                self.open.push(closes);
                self.out.extend_from_slice(token);
                // What holds nothing stays on its line.
                if next != Some(&closes) {
                    self.turn();
                }
            }
            b"}" | b"]" => {
                if self.open.pop()? != *token.first()? {
                    return None;
                }
                if !matches!(self.out.last(), Some(b'{' | b'[')) {
                    self.turn();
                }
                self.out.extend_from_slice(token);
                // Another text behind the first, as in JSON lines.
                if self.open.is_empty() && next.is_some() {
                    matches!(next, Some(b'{' | b'[')).then_some(())?;
                    self.turn();
                }
            }
            b"," => {
                self.open.last()?;
                self.out.push(b',');
                self.turn();
            }
            b":" => {
                self.open.last().filter(|closes| **closes == b'}')?;
                self.out.extend_from_slice(b": ");
            }
            _ => {
                self.open.last()?;
                self.out.extend_from_slice(token);
            }
        }
        Some(())
    }

    fn turn(&mut self) {
        self.out.push(b'\n');
        let columns = self.open.len().min(DEEPEST) * STEP;
        self.out.extend(std::iter::repeat_n(b' ', columns));
    }
}

/// Octets of a string with its quotes, or up to the end of the text.
fn string(text: &[u8]) -> usize {
    let mut is_escaped = false;
    let inside = text.get(1..).unwrap_or_default();
    let end = inside.iter().position(|octet| {
        let ends = *octet == b'"' && !is_escaped;
        is_escaped = *octet == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Octets of a number or a literal name; at the end of the text the front of one will do.
fn word(text: &[u8]) -> Option<usize> {
    let in_word = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
    let len = text.iter().position(|octet| !in_word(octet)).unwrap_or(text.len());
    let word = text.get(..len).filter(|word| !word.is_empty())?;
    let is_number = word.iter().all(|octet| octet.is_ascii_digit() || b"+-.eE".contains(octet));
    let names = [&b"true"[..], b"false", b"null"];
    let is_name = |name: &&[u8]| *name == word || len == text.len() && name.starts_with(word);
    (is_number || names.iter().any(is_name)).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<String> {
        json(text.as_bytes()).map(|lines| String::from_utf8(lines).unwrap())
    }

    #[test]
    fn members_have_lines_and_tokens_stay() {
        let made = lines(r#" {"a":1.50,"a" : [ {}, [],{"b":"x\",{"}],"c":null}"#).unwrap();
        let wanted = "{\n  \"a\": 1.50,\n  \"a\": [\n    {},\n    [],\n    {\n      \
                      \"b\": \"x\\\",{\"\n    }\n  ],\n  \"c\": null\n}";
        assert_eq!(made, wanted);
        assert_eq!(lines(&made).unwrap(), made);
        assert_eq!(lines("{\"n\":1}\n{\"n\":2}\n").unwrap(), "{\n  \"n\": 1\n}\n{\n  \"n\": 2\n}");
    }

    #[test]
    fn the_front_of_a_text_is_enough() {
        let whole = r#"{"a":[1,true,"x\"y"],"b":{"c":null}}"#;
        for end in 1..=whole.len() {
            assert!(lines(&whole[..end]).is_some(), "{end}");
        }
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        for text in [
            "",
            "  ",
            "a=b",
            "[2026-01-01] GET {x}",
            "{a:1}",
            "[1}",
            "]",
            "{}{",
            "{} x",
            "[1:2]",
            "\"a\"",
            "[nul]",
            "[\u{1b}]",
        ] {
            let made = lines(text);
            assert!(made.is_none() || text == "{}{", "{text}: {made:?}");
        }
        // However deep it goes, it does not go off the screen.
        let deep = "[".repeat(10_000);
        assert!(json(deep.as_bytes()).unwrap().len() < 10_000 * (DEEPEST * STEP + 2));
    }
}
