//! What a Chinese keyboard types: full-width digits, letters and signs are understood where they can mean one thing only; elsewhere they are
//! named with what to write instead.

use std::borrow::Cow;

use crate::problem::{Kind, Problem, Problems};

/// The same with full-width letters, digits and signs (`２０％`) as the ASCII ones, and without spaces around it.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace());
    if trimmed.is_ascii() {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.chars().map(narrow).collect())
}

/// A number with its unit, without the spaces between them: `15 万` as `15万`.
pub(crate) fn number(text: &str) -> String {
    half_width(text).chars().filter(|c| !c.is_whitespace()).collect()
}

fn narrow(c: char) -> char {
    match c {
        // The full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '−' | '–' => '-',
        '。' => '.',
        _ => c,
    }
}

/// Quotes that are none of YAML.
pub(crate) const QUOTES: [char; 8] = ['“', '”', '‘', '’', '「', '」', '＂', '＇'];

/// Spaces that are none of YAML: the full-width one, and the one that text processors put where no line may break.
pub(crate) const SPACES: [char; 2] = ['\u{3000}', '\u{a0}'];

/// Brackets, each with the one of YAML.
const BRACKETS: [(char, char); 6] =
    [('［', '['), ('］', ']'), ('｛', '{'), ('｝', '}'), ('【', '['), ('】', ']')];

pub(crate) fn is_quote(c: char) -> bool {
    QUOTES.contains(&c)
}

pub(crate) fn is_comma(c: char) -> bool {
    matches!(c, '，' | '、' | '；')
}

pub(crate) fn is_dash(c: char) -> bool {
    matches!(c, '－' | '—' | '–' | '−' | '─')
}

/// Whether a key of the form is written with it.
pub(crate) fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The bracket of YAML for a full-width one.
pub(crate) fn bracket(c: char) -> char {
    BRACKETS.iter().find(|(wide, _)| *wide == c).map_or(c, |(_, plain)| *plain)
}

/// What is said of a sign; `chinese.rs` has each in Chinese.
pub(crate) mod said {
    use super::code;

    pub fn comma(c: char) -> String {
        format!("`{c}` ({}) is no comma of YAML: write `, `", code(c))
    }

    pub fn colon() -> String {
        "`：` is a full-width colon: write `: `, with a space behind it".to_owned()
    }

    pub fn close_colon() -> String {
        "`:` has no space behind it: write `: `".to_owned()
    }

    pub fn dash(c: char) -> String {
        format!("`{c}` ({}) is no dash of a list: write `- `, with a space behind it", code(c))
    }

    pub fn comment() -> String {
        "`＃` (U+FF03) begins no comment: write `#`, with a space before it".to_owned()
    }

    pub fn quote(c: char) -> String {
        format!("`{c}` ({}) is no quote of YAML: write `\"`", code(c))
    }

    pub fn bracket(c: char, plain: &str) -> String {
        format!("`{c}` ({}) is no bracket of YAML: write `{plain}`", code(c))
    }

    pub fn indent(c: char) -> String {
        format!("the line is indented by {} ({}): write plain spaces", space_name(c), code(c))
    }

    pub fn space(c: char) -> String {
        format!("{} ({}) is no space of YAML: write a plain one", space_name(c), code(c))
    }

    pub fn behind(c: char, rest: &str) -> String {
        format!("`{c}` ({}) does not belong behind `{rest}`: leave it out", code(c))
    }

    fn space_name(c: char) -> &'static str {
        if c == '\u{3000}' { "a full-width space" } else { "a no-break space" }
    }
}

fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// A value, and the sign behind it that does not belong there.
pub(crate) fn sign_behind(text: &str) -> Option<(&str, char)> {
    let text = text.trim_end();
    let last = text.chars().next_back()?;
    let is_sign = is_comma(last) || matches!(last, '。' | '：' | '．' | ',' | ';' | ':' | '.');
    let rest = text.trim_end_matches(last).trim_end();
    (is_sign && !rest.is_empty()).then_some((rest, last))
}

/// A number whose digits are parted by threes, `150,000`, as it is to be written.
pub(crate) fn without_thousands(text: &str) -> Option<String> {
    let typed = number(text);
    let (digits, unit) = typed.split_at(typed.find(['万', '元']).unwrap_or(typed.len()));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let of_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut count = 0;
    let parted = groups.all(|group| {
        count += 1;
        group.len() == 3 && of_digits(group)
    });
    let right = parted && count > 0 && first.len() <= 3 && of_digits(first) && fraction.is_none_or(of_digits);
    right.then(|| format!("{}{unit}", digits.replace(',', "")))
}

/// `; …` for what cannot be right in a word of the form, else nothing.
pub(crate) fn hint(text: &str) -> String {
    let sign = |wanted: fn(char) -> bool| text.chars().find(|c| wanted(*c));
    let colon = text.split_once('：').is_some_and(|(before, _)| before.ends_with(is_of_key));
    let told = if let Some(comment) = comment_in(text) {
        text.chars()
            .nth(comment.saturating_sub(1))
            .filter(|c| SPACES.contains(c))
            .map_or_else(said::comment, said::space)
    } else if let Some((rest, last)) = sign_behind(text) {
        said::behind(last, rest)
    } else if colon {
        said::colon()
    } else if let Some(comma) = sign(is_comma) {
        said::comma(comma)
    } else if let Some(quote) = sign(is_quote) {
        said::quote(quote)
    } else if let Some(wide) = sign(|c| bracket(c) != c) {
        said::bracket(wide, &bracket(wide).to_string())
    } else if text.starts_with('（') {
        said::bracket('（', "[` or `{")
    } else if let Some(dash) = text.chars().next().filter(|c| is_dash(*c)) {
        said::dash(dash)
    } else if let Some(space) = sign(|c| SPACES.contains(&c)) {
        said::space(space)
    } else {
        return String::new();
    };
    format!("; {told}")
}

/// Number of the character that was to begin a comment and does not: `＃` behind a space, or `#` behind one that is none of YAML.
pub(crate) fn comment_in(text: &str) -> Option<usize> {
    let mut before = 'x';
    text.chars().position(|c| {
        let is = c == '＃' && before.is_whitespace() || c == '#' && SPACES.contains(&before);
        before = c;
        is
    })
}

/// Why a word of a list would be several, or not what it seems: `; …`, else nothing.
pub(crate) fn no_word(text: &str) -> String {
    let parts = |c: char| {
        is_comma(c) || c == '｜' || SPACES.contains(&c) || matches!(c, '＂' | '＇') || bracket(c) != c
    };
    let dash = text.split_whitespace().skip(1).find(|word| word.starts_with(is_dash));
    match (text.chars().any(parts), dash) {
        (_, Some(dash)) => format!("; {}", dash.chars().next().map(said::dash).unwrap_or_default()),
        (true, None) => {
            let bar =
                text.chars().find(|c| *c == '｜' || SPACES.contains(c)).filter(|_| !text.contains(is_comma));
            bar.map_or_else(|| hint(text), |bar| format!("; {}", said::comma(bar)))
        }
        (false, None) if comment_in(text).is_some() => hint(text),
        (false, None) => String::new(),
    }
}

/// The text of a file, which must be UTF-8; without the mark that some editors put before it.
///
/// # Errors
/// [`Kind::NotUtf8`], with what the file seems to be.
pub fn decode(file_name: &str, bytes: Vec<u8>) -> Result<String, Problems> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(without_mark(text)),
        Err(error) => error,
    };
    let valid = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let before = String::from_utf8_lossy(&bytes[..valid]).into_owned();
    let message = match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this file is UTF-16: save it as UTF-8",
        bytes if is_gbk(bytes) => "this file is GBK (what Windows calls ANSI): save it as UTF-8",
        _ => "this file is not UTF-8 from here on: save it as UTF-8",
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let (file, path) = (file_name.to_owned(), String::new());
    let problem = Problem { file, line, column, path, kind: Kind::NotUtf8, message: message.to_owned() };
    Err(Problems(vec![problem]))
}

/// A file that cannot be read at all, as a problem of it.
pub fn unreadable(file_name: &str, why: impl std::fmt::Display) -> Problems {
    let (file, path, message) =
        (file_name.to_owned(), String::new(), format!("the file cannot be read: {why}"));
    Problems(vec![Problem { file, line: 1, column: 1, path, kind: Kind::FileUnreadable, message }])
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Whether it can be GBK or GB18030 throughout: pairs of a leading and a trailing byte, or four bytes, beside ASCII.
fn is_gbk(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return true,
            [0..=0x7f, rest @ ..] => rest,
            [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, rest @ ..] => rest,
            [0x81..=0xfe, 0x30..=0x39, 0x81..=0xfe, 0x30..=0x39, rest @ ..] => rest,
            _ => return false,
        };
    }
}
