//! What holds for every field of every request, whatever the call: amounts of at most 16 digits, and texts that are not longer than any
//! needs to be and have no characters that nobody sees. [`calls!`](crate::calls!) checks it before the use case, so that no database, cache or page ever gets
//! such a value, also where a use case looks something up before it has said all that is wrong (docs/decisions/0033). Then that nothing is
//! asked for an area that is another shard's ([`areas`]).

use yizhan_money::MAX_FEN;
use yizhan_proto::{Place, Visitor, Walk};
use yizhan_terms::{Area, find_unseen, is_unseen};

use crate::areas::{self, Areas};
use crate::{Reason, Said, ServiceError, Violations};

/// Bytes of a text at most, unless it is a document; most fields have a narrower limit of their own.
const MAX_TEXT_BYTES: usize = 4096;

/// So many violations are enough to tell of.
const ENOUGH: usize = 1000;

/// Refuses a request, or a message of a stream, that has a value which no field may have.
///
/// # Errors
/// AMOUNT_TOO_LARGE, TEXT_INVALID, REQUEST_ID_INVALID: all of them at once, each with its place. AREA_NOT_HERE, where nothing of that is wrong.
pub fn check(request: &impl Walk) -> Result<(), ServiceError> {
    let mut form = Form { wrong: Violations::new(), here: areas::here(), elsewhere: None };
    request.walk(&Place::REQUEST, &mut form);
    form.wrong.none()?;
    match form.elsewhere {
        Some((place, area)) => Err(form.here.refusal(area).with("field", place)),
        None => Ok(()),
    }
}

/// Notes what may not be.
struct Form {
    wrong: Violations,
    here: Areas,
    /// Where the first area stands that is not here.
    elsewhere: Option<(String, Area)>,
}

impl Visitor for Form {
    #[inline]
    fn text(&mut self, at: &Place<'_>, text: &str) {
        if text.len() > MAX_TEXT_BYTES {
            self.note(at, Reason::TextInvalid.saying(format!("最多 {MAX_TEXT_BYTES} 字节")));
        } else if let Some((position, character)) = find_unseen(text) {
            self.note_unseen(at, character, &format!("第 {position} 个字符"));
        }
    }

    /// Lines and tabs belong into a document, and some editors put a byte order mark before the first. How long it may be, says whoever
    /// reads it.
    fn document(&mut self, at: &Place<'_>, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let unseen = |line: &str| line.chars().find(|c| is_unseen(*c) && !matches!(c, '\r' | '\t'));
        let mut lines = (1..).zip(text.split('\n'));
        if let Some((line, character)) = lines.find_map(|(number, line)| Some((number, unseen(line)?))) {
            self.note_unseen(at, character, &format!("第 {line} 行有字符"));
        }
    }

    #[inline]
    fn amount(&mut self, at: &Place<'_>, fen: i64) {
        if fen.unsigned_abs() > MAX_FEN.unsigned_abs() {
            self.note(at, Reason::AmountTooLarge);
        }
    }

    #[inline]
    fn area(&mut self, at: &Place<'_>, code: &str) {
        self.note_area(at, Area::parse(code).filter(|area| !self.here.has(*area)));
    }

    #[inline]
    fn area_of_documents(&mut self, at: &Place<'_>, code: &str) {
        self.note_area(at, Area::parse(code).filter(|area| !self.here.has_some(*area)));
    }
}

impl Form {
    /// Of an id of a request its own reason says what it is to be.
    #[cold]
    fn note(&mut self, at: &Place<'_>, said: impl Into<Said>) {
        if self.wrong.len() < ENOUGH {
            let field = at.to_string();
            let said = if field == "request_id" { Reason::RequestIdInvalid.into() } else { said.into() };
            self.wrong.push(field, said);
        }
    }

    fn note_area(&mut self, at: &Place<'_>, elsewhere: Option<Area>) {
        if let (Some(area), None) = (elsewhere, &self.elsewhere) {
            self.elsewhere = Some((at.to_string(), area));
        }
    }

    #[cold]
    fn note_unseen(&mut self, at: &Place<'_>, character: char, where_in_it: &str) {
        let text = format!("{where_in_it}不可见（U+{:04X}），请删除", u32::from(character));
        self.note(at, Reason::TextInvalid.saying(text));
    }
}

#[cfg(test)]
mod tests {
    use yizhan_proto::enrollment::v1::{ImportPersonsRequest, PersonRow};
    use yizhan_proto::filing::v1::{FilingRow, ImportFilingsRequest};
    use yizhan_proto::settlement::v1::{
        CheckPolicyRequest, FeeLine, ListPoliciesRequest, PreviewRequest, Visit,
    };

    use super::*;

    fn told(request: &impl Walk) -> Vec<(String, String, String)> {
        let refused = check(request).err();
        let violations = refused.iter().flat_map(|refused| refused.violations());
        violations.map(|v| (v.field.clone(), v.reason.to_string(), v.description.clone())).collect()
    }

    fn preview(line: FeeLine, tag: &str) -> PreviewRequest {
        let feedetail = vec![FeeLine::default(), line];
        PreviewRequest { visit: Some(Visit { tags: vec![tag.to_owned()], feedetail, ..Default::default() }) }
    }

    #[test]
    fn what_no_field_may_have_is_told_of_all_fields_at_once() {
        for fen in [MAX_FEN + 1, -MAX_FEN - 1, i64::MAX, i64::MIN] {
            let line = FeeLine { cnt: "1\u{1b}".into(), det_item_fee_sumamt_fen: fen, ..Default::default() };
            let expected = [
                ("visit.tags[0]", "TEXT_INVALID", "第 2 个字符不可见（U+202E），请删除"),
                ("visit.feedetail[1].cnt", "TEXT_INVALID", "第 2 个字符不可见（U+001B），请删除"),
                ("visit.feedetail[1].det_item_fee_sumamt_fen", "AMOUNT_TOO_LARGE", "金额超过 16 位"),
            ];
            assert_eq!(
                told(&preview(line, "规\u{202e}范转诊")),
                expected.map(|(field, reason, text)| (field.into(), reason.into(), text.into()))
            );
        }
        for fen in [MAX_FEN, 0, -MAX_FEN] {
            let line = FeeLine { det_item_fee_sumamt_fen: fen, ..Default::default() };
            assert_eq!(told(&preview(line, &"规".repeat(MAX_TEXT_BYTES / 3))), []);
        }
        let long = told(&preview(FeeLine::default(), &"a".repeat(MAX_TEXT_BYTES + 1)));
        assert_eq!(long, [("visit.tags[0]".into(), "TEXT_INVALID".into(), "最多 4096 字节".into())]);
    }

    #[tokio::test]
    async fn what_is_another_shards_is_refused_wherever_it_stands() {
        let row = |poolarea_no: &str| PersonRow { poolarea_no: poolarea_no.into(), ..Default::default() };
        let rows = ["430202", "", "330802", "330100"].map(row).into();
        let import = ImportPersonsRequest { rows, ..Default::default() };
        let documents = |area: &str| ListPoliciesRequest { area: area.into(), ..Default::default() };
        assert!(check(&import).is_ok() && check(&documents("330100")).is_ok(), "all areas are here");
        areas::within("430200".parse().unwrap(), async {
            let refused = check(&import).unwrap_err();
            let told = ["field", "area", "here"].map(|name| refused.metadata()[name].as_str());
            assert_eq!(refused.reason(), Reason::AreaNotHere);
            assert_eq!(told, ["rows[2].poolarea_no", "330802", "430200"]);
            assert!(check(&documents("430000")).is_ok(), "of a province some documents hold here");
            assert_eq!(check(&documents("330000")).unwrap_err().reason(), Reason::AreaNotHere);
            let filed = FilingRow { rloc_admdvs: "330100".into(), ..Default::default() };
            let filed = ImportFilingsRequest {
                poolarea_no: "430200".into(),
                rows: vec![filed],
                ..Default::default()
            };
            assert!(check(&filed).is_ok(), "people go anywhere");
        })
        .await;
    }

    #[test]
    fn a_document_has_lines_and_nothing_else_that_is_unseen() {
        let document = |document: &str| told(&CheckPolicyRequest { document: document.to_owned() });
        assert_eq!(document("\u{feff}a: 1\r\n\tb: 规范\n"), []);
        let text = "第 3 行有字符不可见（U+2066），请删除";
        assert_eq!(
            document("a: 1\n\nb: \u{2066}"),
            [("document".into(), "TEXT_INVALID".into(), text.into())]
        );
    }
}
