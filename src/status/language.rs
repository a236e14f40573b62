//! The languages of the catalogue and a text in both. In goes a language tag, out comes the text
//! of that language; a text is never half translated.

use std::borrow::Cow;

/// A language that every text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Both, English first.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The language of a tag such as `zh`, `zh-CN` or the locale `zh_CN.UTF-8`; only the first part
    /// counts, in any case.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_', '.']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The tag: `en` or `zh`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// A text in both languages. Backticks set off what is to be typed as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text {
    /// In English.
    pub english: &'static str,
    /// In Simplified Chinese.
    pub chinese: &'static str,
}

impl Text {
    /// The text in one language, as written.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }

    /// The text in one language without its backticks, for a terminal.
    pub fn plain(self, language: Language) -> Cow<'static, str> {
        without_marks(self.in_language(language))
    }
}

/// Takes the backticks away.
pub(super) fn without_marks(marked: &str) -> Cow<'_, str> {
    if marked.contains('`') { Cow::Owned(marked.replace('`', "")) } else { Cow::Borrowed(marked) }
}

/// A text in both languages.
pub(super) const fn text(english: &'static str, chinese: &'static str) -> Text {
    Text { english, chinese }
}
