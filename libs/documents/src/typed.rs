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

/// `; …` for what cannot be right in a word of the form, else nothing.
pub(crate) fn hint(text: &str) -> &'static str {
    let colon = text.split_once('：').is_some_and(|(before, _)| before.ends_with(is_of_key));
    if colon {
        "; `：` is a full-width colon: write `: `, with a space behind it"
    } else if text.contains(['，', '、']) {
        "; `，` and `、` are no commas of YAML: write `, `"
    } else if text.contains(QUOTES) {
        "; these quotes are none of YAML: write \"…\""
    } else if text.chars().any(|c| matches!(c, '【' | '】' | '｛' | '｝' | '［' | '］' | '（' | '）'))
    {
        "; these brackets are full-width: write `[ ]` or `{ }`"
    } else {
        ""
    }
}

pub(crate) const QUOTES: [char; 6] = ['“', '”', '‘', '’', '「', '」'];

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where a line has what a keyboard typed and YAML does not read, as column (the first is 1) and `; …`. Comments are not looked at.
pub(crate) fn in_line(line: &str) -> Option<(usize, &'static str)> {
    let mut before = ' ';
    let mut quoted = false;
    for (index, c) in line.chars().enumerate() {
        let suspicious = match c {
            '"' | '\'' => {
                quoted = !quoted;
                false
            }
            '#' if before == ' ' && !quoted => return None,
            _ if quoted => false,
            '：' => is_of_key(before),
            '，' | '、' => is_of_key(before) || matches!(before, ']' | '}' | '"' | '%' | '％' | '万'),
            '“' | '”' => true,
            '｛' | '｝' | '【' | '】' | '［' | '］' => true,
            _ => false,
        };
        if suspicious {
            let mut shown = String::from(before);
            shown.push(c);
            return Some((index + 1, hint(&shown)));
        }
        before = c;
    }
    None
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
