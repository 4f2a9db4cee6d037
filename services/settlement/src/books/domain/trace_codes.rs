//! 药品追溯码: on which lines of which settlements a code stands.
//!
//! A code that is handed out whole stands once; parts of a pack (拆零) may stand many times. What the area makes of one that stands twice
//! is its rule, so a code is no claim that a key decides: what stands of it is read before a settlement, and guarded by a version.

use serde::{Deserialize, Serialize};

/// Lines that a code stands on, at most: parts of one pack.
pub const MAX_USES: usize = 1000;

/// A line that a code stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// 结算ID
    #[serde(rename = "s")]
    pub setl_id: String,
    /// 费用明细流水号
    #[serde(rename = "n")]
    pub feedetl_sn: String,
    /// 定点医药机构编号
    #[serde(rename = "i")]
    pub fixmedins_code: String,
    /// 统筹区 that paid.
    #[serde(rename = "a")]
    pub poolarea_no: String,
    /// 拆零标志
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    pub split: bool,
    /// It stood elsewhere already, and the area's rule let it.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// 退单 in a later part of the stay (中途结算), of which this is the setl_id: the line is taken back whole, and the code stands no more.
    #[serde(rename = "b", default, skip_serializing_if = "String::is_empty")]
    pub back_in: String,
}

/// What stands of a code, as it was read; version 0 where it never stood anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Version to guard a change with.
    pub version: i64,
    /// In the order they were settled.
    pub uses: Vec<Use>,
}

impl Held {
    /// A line's goods come back in a part of its stay, or with the reversal of that part go out again.
    pub fn go_back(&mut self, is_of: impl Fn(&Use) -> bool, part: &str, reversed: bool) {
        let (from, to) = if reversed { (part, "") } else { ("", part) };
        let mut uses = std::mem::take(&mut self.uses);
        for stands in uses.iter_mut().filter(|stands| is_of(stands) && stands.back_in == from) {
            to.clone_into(&mut stands.back_in);
        }
        self.uses = uses;
    }

    /// With one more.
    pub fn push(&mut self, stands: Use) {
        let repeated = self.against(stands.split).is_some();
        self.uses.push(Use { repeated, ..stands });
    }

    /// The first line on which it stands though it must not: nobody let it.
    pub fn twice(&self) -> Option<&Use> {
        let mut before = Held::default();
        self.uses.iter().find(|stands| {
            let wrong =
                stands.back_in.is_empty() && before.against(stands.split).is_some() && !stands.repeated;
            before.uses.push((*stands).clone());
            wrong
        })
    }

    /// The line that one more use stands against: any other for a whole pack, a whole one for a part.
    pub fn against(&self, split: bool) -> Option<&Use> {
        let whole = self.uses.iter().find(|held| held.back_in.is_empty() && (!split || !held.split));
        whole.or_else(|| self.uses.last().filter(|_| self.uses.len() >= MAX_USES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(splits: &[bool]) -> Held {
        let stands = |(at, split): (usize, &bool)| Use {
            setl_id: format!("S{at}"),
            feedetl_sn: "F1".to_owned(),
            fixmedins_code: "H99990000003".to_owned(),
            poolarea_no: "999900".to_owned(),
            split: *split,
            repeated: false,
            back_in: String::new(),
        };
        Held { version: 1, uses: splits.iter().enumerate().map(stands).collect() }
    }

    #[test]
    fn parts_of_a_pack_repeat_and_nothing_else_does() {
        let against = |splits: &[bool], split| held(splits).against(split).map(|held| held.setl_id.clone());
        assert_eq!((against(&[], false), against(&[], true)), (None, None));
        assert_eq!(against(&[false], false).as_deref(), Some("S0"));
        assert_eq!(against(&[false], true).as_deref(), Some("S0"), "a part of what went whole");
        assert_eq!(against(&[true], false).as_deref(), Some("S0"), "the whole of what went in part");
        assert_eq!(against(&[true, true], true), None);
        assert_eq!(against(&[true, false], true).as_deref(), Some("S1"));
        assert_eq!(
            against(&vec![true; MAX_USES], true).as_deref(),
            Some("S999"),
            "no pack has so many parts"
        );
        let twice = |splits: &[bool]| held(splits).twice().map(|held| held.setl_id.clone());
        assert_eq!((twice(&[false]), twice(&[true, true])), (None, None));
        assert_eq!(twice(&[true, true, false, true]).as_deref(), Some("S2"));
        let mut let_twice = held(&[false]);
        let_twice.push(let_twice.uses[0].clone());
        assert!(let_twice.uses[1].repeated && let_twice.twice().is_none());
        let mut back = held(&[false]);
        back.go_back(|stands| stands.feedetl_sn == "F1", "S9", false);
        assert_eq!(back.against(false), None, "taken back in a part of the stay");
        back.go_back(|_| true, "S8", true);
        assert_eq!(back.uses[0].back_in, "S9", "another part's reversal");
        back.go_back(|_| true, "S9", true);
        assert_eq!(back, held(&[false]));
    }
}
