//! Personal data as it may be shown.

/// A name: the first character, then one `*` for each of the others: 张*, 欧**. A name of one character is hidden whole.
pub fn mask_name(name: &str) -> String {
    if name.chars().count() == 1 {
        return "*".to_owned();
    }
    let mut characters = name.chars();
    let first = characters.next();
    first.into_iter().chain(characters.map(|_| '*')).collect()
}

/// A certificate number: the first three and the last two characters; none of a number too short to hide.
pub fn mask_certno(certno: &str) -> String {
    let characters: Vec<char> = certno.chars().collect();
    let hidden = |at: usize| characters.len() < 8 || (at >= 3 && at + 2 < characters.len());
    characters.iter().enumerate().map(|(at, character)| if hidden(at) { '*' } else { *character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        assert_eq!(mask_name("张三"), "张*");
        assert_eq!(mask_name("欧阳修"), "欧**");
        assert_eq!(mask_name(""), "");
        assert_eq!(mask_name("丽"), "*");
        assert_eq!(mask_certno("11010519491231002X"), "110*************2X");
        assert_eq!(mask_certno("E123"), "****");
    }
}
