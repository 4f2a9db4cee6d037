//! Bringing lines of a visit.

use std::collections::BTreeSet;

use prost::Message;
use yizhan_proto::settlement::v1::{FeeLine, UploadFeesRequest, UploadFeesResponse};
use yizhan_runtime::db::{DatabaseTransaction, insert};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::cancel::settled;
use super::messages::{Lines, visit_of};
use crate::app::App;
use crate::books::store::uploaded::{self, VisitKey, uploaded_fee, visit_fees};
use crate::fields::require_own_institution;
use crate::settlements::messages::refunds::as_charge;
use crate::settlements::messages::visit::{MAX_LINES, check_line};
use crate::settlements::part;

/// Lines of a visit at most, refunds and settled ones included.
pub const MAX_UPLOADED: usize = 20_000;
/// Numbers that a refusal names at most.
const NAMED: usize = 20;

/// Adds lines to a visit, all or none, once however often it is asked.
pub async fn upload_fees(
    app: &App,
    caller: &Caller,
    mut request: UploadFeesRequest,
) -> Result<UploadFeesResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let visit = visit_of(caller, request.fixmedins_code, request.mdtrt_id, &mut wrong);
    let psn_no = Fields::of(&mut wrong).psn_no("psn_no", &request.psn_no);
    check_lines(app, &request.feedetail, &mut wrong);
    let psn_no = wrong.finish(psn_no)?;
    require_own_institution(caller, &visit.fixmedins_code)?;
    if app.reference.institution(&visit.fixmedins_code).await?.is_none() {
        return Err(ServiceError::new(Reason::InstitutionUnknown, "no such institution"));
    }
    let known = uploaded::visit(&app.db, &visit).await?.map(|known| known.psn_no);
    let psn_no = match known {
        // Brought before records were merged, under the other number: the lines stay under it.
        Some(known) if app.is_same_person(&known, &psn_no).await? => known,
        _ => psn_no,
    };
    let upload = Upload { visit, psn_no, lines: request.feedetail };
    once::once(app, &key, |write| Box::pin(upload.write(write))).await
}

/// As in a visit, but that the day is told.
fn check_lines(app: &App, lines: &[FeeLine], wrong: &mut Violations) {
    wrong.require(!lines.is_empty(), "feedetail", Reason::Required.saying("至少一条费用明细"));
    if lines.len() > MAX_LINES {
        let limit = wrong.push("feedetail", Reason::TooManyLines);
        limit.with("limit", MAX_LINES).with("lines", lines.len());
        return;
    }
    let mut numbers = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        let at = format!("feedetail[{index}].");
        let mut fields = Fields::within(&at, wrong);
        let new = numbers.insert(&line.feedetl_sn);
        fields.require(new, "feedetl_sn", Reason::Duplicate.saying("费用明细流水号重复"));
        if line.init_feedetl_sn.is_empty() {
            check_line(line, None, &mut fields);
        } else {
            check_line(&as_charge(line), None, &mut fields);
        }
        fields.past_date("fee_ocur_date", &line.fee_ocur_date, app.clock.today());
    }
}

/// Lines to be added.
struct Upload {
    visit: VisitKey,
    psn_no: String,
    lines: Vec<FeeLine>,
}

impl Upload {
    async fn write(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<UploadFeesResponse, ()>, ServiceError> {
        let known = uploaded::lock_visit(tx, &self.visit).await?;
        if known.as_ref().is_some_and(|known| known.psn_no != self.psn_no) {
            let error = ServiceError::new(Reason::VisitOfAnother, "the visit has lines of another person");
            return Err(error.with("mdtrt_id", &self.visit.mdtrt_id));
        }
        self.require_new(tx).await?;
        let VisitKey { fixmedins_code, mdtrt_id } = self.visit.clone();
        let rows = uploaded::all(tx, &self.visit).await?;
        let mut lines = Lines::of(&rows)?;
        lines.0.extend(self.lines.iter().cloned());
        if lines.0.len() > MAX_UPLOADED {
            let error = ServiceError::new(Reason::FeesTooMany, "the visit would have too many lines");
            return Err(error.with("limit", MAX_UPLOADED).with("lines", lines.0.len()));
        }
        // What came after the last settlement would be paid by nobody: that is reversed first, and made again with what came since.
        if let Some(held) = rows.iter().find(|row| !row.setl_id.is_empty())
            && part::open(tx, &self.visit).await?.is_none()
        {
            return Err(settled(held));
        }
        lines.require_matched()?;
        let now = app.clock.now().timestamp_micros();
        let row = |line: &FeeLine| uploaded_fee::Model {
            fixmedins_code: fixmedins_code.clone(),
            feedetl_sn: line.feedetl_sn.clone(),
            mdtrt_id: mdtrt_id.clone(),
            line: line.encode_to_vec(),
            setl_id: String::new(),
            uploaded_at_us: now,
        };
        insert::<uploaded_fee::Entity>(tx, self.lines.iter().map(row).collect()).await?;
        let visit = known.unwrap_or_else(|| visit_fees::Model {
            fixmedins_code: fixmedins_code.clone(),
            mdtrt_id: mdtrt_id.clone(),
            psn_no: self.psn_no.clone(),
            version: 0,
            lines: 0,
            amount_fen: 0,
        });
        let fees = Some(lines.write(tx, visit).await?);
        let answer = UploadFeesResponse { uploaded: self.lines.len() as i32, fees, replayed: false };
        Ok(Done { answer, changed: () })
    }

    /// A number is a line's once and for all, until it is taken back.
    async fn require_new(&self, tx: &DatabaseTransaction) -> Result<(), ServiceError> {
        let numbers: BTreeSet<&str> = self.lines.iter().map(|line| line.feedetl_sn.as_str()).collect();
        let known = uploaded::with_numbers(tx, &self.visit.fixmedins_code, &numbers).await?;
        if known.is_empty() {
            return Ok(());
        }
        let named: Vec<&str> = known.iter().take(NAMED).map(|row| row.feedetl_sn.as_str()).collect();
        let error = ServiceError::new(Reason::FeesUploaded, "lines with these numbers are there already");
        Err(error.with("feedetl_sn", named.join(",")).with("lines", known.len()))
    }
}
