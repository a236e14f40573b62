//! Pieces of a page in, HTML text out. Markup can only be written down in this program (it is
//! `'static`); everything else is escaped on its way, so that no captured octet is ever markup.

use std::fmt::{Display, Write};

use super::super::escape;

/// A page that grows.
#[derive(Debug, Default)]
pub(super) struct Page {
    out: String,
}

impl Page {
    /// Markup of ours.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text, whoever wrote it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for character in escape::text(text.as_bytes()).chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                _ => self.out.push(character),
            }
        }
        self
    }

    /// Anything that can be shown, as text.
    pub fn show(&mut self, value: impl Display) -> &mut Self {
        self.text(&value.to_string())
    }

    /// What somebody else wrote: in an element of its own, so that its direction of writing does
    /// not reach what stands beside it.
    pub fn captured(&mut self, octets: &[u8]) -> &mut Self {
        self.raw("<code>").text(&escape::text(octets)).raw("</code>")
    }

    /// An attribute of the tag that is open.
    pub fn attribute(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").show(value).raw("\"")
    }

    /// A rectangle of a drawing, without what stands inside it: `x`, `y`, width, height.
    pub fn rectangle(&mut self, class: &'static str, place: [f64; 4]) -> &mut Self {
        let [x, y, width, height] = place;
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"/>"
        );
        self
    }

    /// The beginning of a table: titles between bars, and whether each column stands left or right.
    pub fn table(&mut self, titles: &'static str, align: &'static str) -> &mut Self {
        self.raw("<div class=\"wide\"><table><thead><tr>");
        for (title, side) in titles.split('|').zip(align.chars()) {
            self.raw(if side == '>' { "<th class=\"number\">" } else { "<th>" });
            self.text(title).raw("</th>");
        }
        self.raw("</tr></thead><tbody>\n")
    }

    /// The end of a table.
    pub fn end_table(&mut self) -> &mut Self {
        self.raw("</tbody></table></div>\n")
    }

    /// A cell with a number.
    pub fn number(&mut self, value: impl Display) -> &mut Self {
        self.raw("<td class=\"number\">").show(value).raw("</td>")
    }

    /// A cell with words of ours.
    pub fn cell(&mut self, value: impl Display) -> &mut Self {
        self.raw("<td>").show(value).raw("</td>")
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.out.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(build: impl FnOnce(&mut Page) -> &mut Page) -> String {
        let mut page = Page::default();
        build(&mut page);
        page.out
    }

    #[test]
    fn nothing_is_markup() {
        for (octets, shown) in [
            (&b"/orders/42?page=2&x"[..], "/orders/42?page=2&amp;x"),
            (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            (b"\"><img src=x onerror='y'>", "&quot;&gt;&lt;img src=x onerror=&#39;y&#39;&gt;"),
            (b"&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            (b"a\r\n\0\x80", "a\\r\\n\\x00\\x80"),
        ] {
            assert_eq!(made(|page| page.captured(octets)), format!("<code>{shown}</code>"));
        }
        let quoted = made(|page| page.attribute("title", "\" onload=\"x"));
        assert_eq!(quoted, " title=\"&quot; onload=&quot;x\"");
    }
}
