//! The national list of rules (规则库 2025, 医保发〔2022〕12号 and its publications): 88 rules in 10 classes. The list is a file, catalogue.csv; rules
//! without a code in what was published have one of our own (`YZ2025-` and the number in the list).

use std::sync::LazyLock;

/// A rule of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the list.
    pub number: u32,
    /// 规则编码
    pub code: &'static str,
    /// 二级分类, e.g. 药品政策限定类.
    pub class: &'static str,
    /// 规则名称
    pub name: &'static str,
    /// New in the list of 2025.
    pub is_new: bool,
    /// What datum it waits for, in Chinese; of an implemented rule what part of it waits. Empty: none.
    pub datum: &'static str,
}

/// The list.
pub fn catalogue() -> &'static [Entry] {
    static LIST: LazyLock<Vec<Entry>> =
        LazyLock::new(|| include_str!("../../../catalogue.csv").lines().skip(1).filter_map(entry).collect());
    &LIST
}

/// The rule of this code.
pub fn entry_of(code: &str) -> Option<&'static Entry> {
    catalogue().iter().find(|entry| entry.code == code)
}

/// A class of the list of this name.
pub fn class_of(name: &str) -> Option<&'static str> {
    catalogue().iter().map(|entry| entry.class).find(|class| *class == name)
}

fn entry(line: &'static str) -> Option<Entry> {
    let mut cells = line.split('|');
    let mut cell = || cells.next();
    Some(Entry {
        number: cell()?.parse().ok()?,
        code: cell()?,
        class: cell()?,
        name: cell()?,
        is_new: cell()? == "yes",
        datum: cell()?,
    })
}
