//! Walking through a request: every text and every amount of it, each with its place, so that what holds for all fields is looked at in
//! one go. Implemented by the build for each message that a method takes, and for all that stands within.

use std::fmt;

/// A message whose texts and amounts can be gone through.
pub trait Walk {
    /// Shows every one of them, in the order of the contract.
    fn walk<V: Visitor>(&self, at: &Place<'_>, visitor: &mut V);
}

/// Who is shown them.
pub trait Visitor {
    /// A text.
    fn text(&mut self, at: &Place<'_>, text: &str);
    /// A text of many lines, a document of rules: the fields named `document`.
    fn document(&mut self, at: &Place<'_>, text: &str);
    /// An amount in fen: the fields whose names end in `_fen`.
    fn amount(&mut self, at: &Place<'_>, fen: i64);
    /// A 统筹区 whose business it is, after it was shown as a text. Where somebody is treated is none.
    fn area(&mut self, _at: &Place<'_>, _code: &str) {}
    /// An area by whose documents something is judged, after it was shown as a text.
    fn area_of_documents(&mut self, _at: &Place<'_>, _code: &str) {}
}

/// Where something stands in a request. Shown as violations name it, `visit.feedetail[3].det_item_fee_sumamt_fen`; until then nothing is
/// allocated.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    within: Option<&'p Place<'p>>,
    name: &'static str,
    row: Option<usize>,
}

impl Place<'static> {
    /// The request itself.
    pub const REQUEST: Place<'static> = Place { within: None, name: "", row: None };
}

impl<'p> Place<'p> {
    /// A field here.
    #[inline]
    pub fn field(&'p self, name: &'static str) -> Place<'p> {
        Place { within: Some(self), name, row: None }
    }

    /// An entry of a list here, from 0.
    #[inline]
    pub fn row(&'p self, name: &'static str, row: usize) -> Place<'p> {
        Place { within: Some(self), name, row: Some(row) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within.filter(|within| within.within.is_some()) {
            write!(f, "{within}.")?;
        }
        f.write_str(self.name)?;
        self.row.map_or(Ok(()), |row| write!(f, "[{row}]"))
    }
}

include!(concat!(env!("OUT_DIR"), "/walk.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrollment::v1::load_roster_request::Part;
    use crate::enrollment::v1::{LoadRosterRequest, RosterHeader};
    use crate::settlement::v1::{
        CheckPolicyRequest, FeeLine, ListPoliciesRequest, PreviewRequest, RecordManualPaymentRequest, Visit,
    };

    /// Writes down what it is shown, if there is anything.
    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Visitor for Seen {
        fn text(&mut self, at: &Place<'_>, text: &str) {
            self.0.extend((!text.is_empty()).then(|| format!("{at}: {text}")));
        }
        fn document(&mut self, at: &Place<'_>, text: &str) {
            self.0.push(format!("{at}, a document: {text}"));
        }
        fn amount(&mut self, at: &Place<'_>, fen: i64) {
            self.0.push(format!("{at}: {fen} fen"));
        }
        fn area(&mut self, at: &Place<'_>, code: &str) {
            self.0.extend((!code.is_empty()).then(|| format!("{at}, an area: {code}")));
        }
        fn area_of_documents(&mut self, at: &Place<'_>, code: &str) {
            self.0.push(format!("{at}, an area of documents: {code}"));
        }
    }

    fn seen(request: &impl Walk) -> Vec<String> {
        let mut seen = Seen::default();
        request.walk(&Place::REQUEST, &mut seen);
        seen.0
    }

    #[test]
    fn every_text_and_amount_is_shown_with_its_place() {
        let line = FeeLine { cnt: "2".into(), det_item_fee_sumamt_fen: 3, ..Default::default() };
        let visit = Visit {
            psn_no: "P1".into(),
            tags: vec!["a".into(), "b".into()],
            feedetail: vec![FeeLine::default(), line],
            ..Default::default()
        };
        assert_eq!(
            seen(&PreviewRequest { visit: Some(visit) }),
            [
                "visit.psn_no: P1",
                "visit.tags[0]: a",
                "visit.tags[1]: b",
                "visit.feedetail[0].det_item_fee_sumamt_fen: 0 fen",
                "visit.feedetail[1].cnt: 2",
                "visit.feedetail[1].det_item_fee_sumamt_fen: 3 fen",
            ]
        );
        assert_eq!(seen(&CheckPolicyRequest { document: "a: 1".into() }), ["document, a document: a: 1"]);
        let header = RosterHeader { kinds: vec!["低保".into()], ..Default::default() };
        let header = LoadRosterRequest { part: Some(Part::Header(header)) };
        assert_eq!(seen(&header), ["header.kinds[0]: 低保"]);
    }

    #[test]
    fn areas_are_told_from_places() {
        let paid = RecordManualPaymentRequest {
            poolarea_no: "430200".into(),
            mdtrtarea_admvs: "330800".into(),
            ..Default::default()
        };
        let told = seen(&paid).into_iter().filter(|told| told.contains("area"));
        assert_eq!(
            told.collect::<Vec<_>>(),
            ["poolarea_no: 430200", "poolarea_no, an area: 430200", "mdtrtarea_admvs: 330800"]
        );
        let policies = ListPoliciesRequest { area: "430000".into(), ..Default::default() };
        assert!(seen(&policies).contains(&"area, an area of documents: 430000".to_owned()));
    }
}
