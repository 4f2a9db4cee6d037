//! Characters that no text of the field has. Nobody sees them, so two names that look the same are not; a terminal, a log or a page obeys
//! them; and of some a database makes an error.

/// Whether a character is one of them: control characters (line feeds and tabs too), marks of writing direction, joiners and spaces of
/// no width, separators of lines, annotations and tags. Names of all peoples do without: `·` and rare Han, with their variation
/// selectors, are not among them.
pub const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The first such character of a text, with its number, from 1.
#[inline]
pub fn find_unseen(text: &str) -> Option<(usize, char)> {
    // Most texts are codes, and short: without a branch for each byte, which here is what takes the time.
    let odd = text.bytes().fold(false, |odd, byte| odd | !matches!(byte, b' '..=b'~'));
    if odd { (1..).zip(text.chars()).find(|(_, character)| is_unseen(*character)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_names_are_not() {
        for name in
            ["", "P0001-x_~ ", "买买提·吐尔逊", "𠮷田", "邉\u{e0100}", "葛\u{fe00}", "一、“二”……—", "é\u{a0}"]
        {
            assert_eq!(find_unseen(name), None, "{name}");
        }
        let unseen = "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200b}\u{200d}\u{200e}\u{2028}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{fffa}\u{e0041}";
        for character in unseen.chars() {
            assert_eq!(find_unseen(&format!("张{character}三")), Some((2, character)), "{character:?}");
        }
    }
}
