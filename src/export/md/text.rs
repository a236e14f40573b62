//! Text in, the same out so that Markdown and HTML take it for text: no markup, no link, no tag, no
//! end of a table's cell.

use super::super::escape;

/// What somebody else wrote. It stands in a `code` element, where trackers look neither for names
/// to notify nor for numbers to link.
pub(super) fn captured(octets: &[u8]) -> String {
    if octets.is_empty() {
        return "—".to_owned();
    }
    format!("<code>{}</code>", ours(&escape::text(octets)))
}

/// A sentence of ours that may quote somebody. It stands in no `code` element, but its signs that
/// trackers look for do.
pub(super) fn sentence(text: &str) -> String {
    let safe = ours(&escape::text(text.as_bytes()));
    safe.replace("\\@", "<code>&#64;</code>").replace("\\#", "<code>&#35;</code>")
}

/// Words of ours that may hold signs of Markdown.
pub(super) fn ours(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = rest.next() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' => out.push(' '),
            '\\' | '|' | '`' | '[' | ']' | '*' | '_' | '~' | '!' | '#' | '$' | '@' => {
                out.push('\\');
                out.push(character);
            }
            // `http://…` and `www.…` become links by themselves.
            ':' if rest.peek() == Some(&'/') => out.push_str("\\:"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("\\."),
            _ => out.push(character),
        }
        before = character;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        for (octets, shown) in [
            (&b"/orders/42?page=2"[..], "/orders/42?page=2"),
            (b"a|b", "a\\|b"),
            (b"a\\|b", "a\\\\\\|b"),
            (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            (b"`a` **b** __c__ ~~d~~", "\\`a\\` \\*\\*b\\*\\* \\_\\_c\\_\\_ \\~\\~d\\~\\~"),
            (b"![x](javascript:y)", "\\!\\[x\\](javascript:y)"),
            (b"&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            (b"http://evil.example www.evil.example", "http\\://evil.example www\\.evil.example"),
            (b"@everyone #1", "\\@everyone \\#1"),
            (b"a\r\nb\0", "a\\\\r\\\\nb\\\\x00"),
        ] {
            assert_eq!(captured(octets), format!("<code>{shown}</code>"));
        }
        assert_eq!(captured(b""), "—");
        assert_eq!(sentence("@all\u{7}"), "<code>&#64;</code>all\\\\x07");
    }
}
