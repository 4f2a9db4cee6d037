//! Stories in which clients race: for a visit, its lines and codes, for lines that are brought, while records are merged, and while the
//! register learns late.

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{
    CoverageRow, ImportCoveragesRequest, ImportPersonsRequest, MergePersonsRequest,
};
use yizhan_proto::settlement::v1::*;

use super::load::Load;
use super::write::{BROUGHT, CONTESTED, GOES, IN_PARTS, Write};
use crate::drugs::coded;
use crate::support::{YEAR_2024, clinic, stay};

/// Visits that are raced for, and as many lines and codes.
const VISITS: u64 = 6;
/// Visits whose lines many bring.
pub const LINES_OF: u64 = 3;
/// Stays that are settled in parts, each of one person.
pub const STAYS: u64 = 2;
/// The day of all of it.
const DAY: &str = "2024-03-01";
/// Begins the numbers of persons of whom the register learns late.
pub const LATE: &str = "L";

/// Two records of one person, of which the second goes.
pub fn two_numbers_of(number: u64) -> [String; 2] {
    [format!("K{number}"), format!("{GOES}{number}")]
}

impl Load {
    /// One visit, or one line and one code of several visits, under fresh requests of many clients; some is paid by hand. What is settled is
    /// mostly taken back, so that others may.
    pub(super) async fn contested(&mut self) -> Option<()> {
        let (which, id) = (self.draws.below(VISITS), self.id("C"));
        let psn_no = self.somebody();
        if self.draws.one_in(5) {
            return self.by_hand(&id, &psn_no, which).await;
        }
        let visit = if self.draws.one_in(2) {
            let number = format!("{CONTESTED}{which}");
            clinic(&psn_no, DAY, "100").numbered(&number).but(|visit| {
                visit.feedetail[0].feedetl_sn = format!("{number}F1");
            })
        } else {
            let bill =
                visit(&psn_no).outpatient("2025-08-01").line(FACTOR_VIII, "1", "50").line(CARE, "1", "20");
            bill.but(|visit| {
                visit.mdtrt_id = format!("{CONTESTED}{id}");
                visit.feedetail[0].feedetl_sn = format!("{id}F1");
                visit.feedetail[1].feedetl_sn =
                    if which % 2 == 0 { format!("X{which}") } else { format!("{id}F2") };
                coded(&mut visit.feedetail[0], &[&code(which)]);
            })
        };
        let settled = self.settle(&id, visit).await?;
        if !self.draws.one_in(3) {
            self.carry_out(Write::Reverse(reversal_of(&self.id("CR"), &settled))).await?;
        }
        Some(())
    }

    /// The same visit, paid by the agency.
    async fn by_hand(&mut self, id: &str, psn_no: &str, which: u64) -> Option<()> {
        let added = AccumulatorAddition { accumulator: "outpatient_paid".to_owned(), added: 600 };
        let payment = RecordManualPaymentRequest {
            request_id: id.to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            psn_no: psn_no.to_owned(),
            insutype: "310".to_owned(),
            mdtrt_id: format!("{CONTESTED}{which}"),
            fixmedins_code: THIRD_LEVEL.to_owned(),
            med_type: "11".to_owned(),
            begndate: DAY.to_owned(),
            enddate: DAY.to_owned(),
            manl_reim_rea: "02".to_owned(),
            medfee_sumamt_fen: 10_000,
            inscp_scp_amt_fen: 10_000,
            funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: 600 }],
            policy_year: YEAR_2024.to_owned(),
            accumulators: vec![added],
            ..RecordManualPaymentRequest::default()
        };
        let paid = self.carry_out(Write::Manual(payment)).await?.settlement?;
        let cancel = CancelManualPaymentRequest {
            request_id: self.id("CH"),
            psn_no: psn_no.to_owned(),
            setl_id: info(&paid).setl_id.clone(),
            reason: "重复报销".to_owned(),
        };
        self.carry_out(Write::CancelManual(cancel)).await.map(|_| ())
    }

    /// Lines of a visit are brought, taken back and settled by many.
    pub(super) async fn lines(&mut self) -> Option<()> {
        let which = self.draws.below(LINES_OF);
        let (id, mdtrt_id) = (self.id("E"), format!("{BROUGHT}{which}"));
        let fixmedins_code = THIRD_LEVEL.to_owned();
        match self.draws.below(4) {
            0 => {
                let by_reference = clinic(&format!("P{which}"), DAY, "1").but(|visit| {
                    visit.mdtrt_id = mdtrt_id;
                    visit.fees_uploaded = true;
                    visit.feedetail.clear();
                });
                let settled = self.settle(&id, by_reference).await?;
                self.carry_out(Write::Reverse(reversal_of(&self.id("ER"), &settled))).await?;
            }
            1 if !self.brought.is_empty() => {
                let (mdtrt_id, number) = self.brought.remove(0);
                let feedetl_sn = vec![number];
                let cancel =
                    CancelFeesRequest { request_id: id, fixmedins_code, mdtrt_id, feedetl_sn, all: false };
                self.carry_out(Write::CancelFees(cancel)).await?;
            }
            _ => {
                let line = FeeLine {
                    feedetl_sn: id.clone(),
                    hilist_code: CARE.to_owned(),
                    cnt: "1".to_owned(),
                    pric: "10".to_owned(),
                    det_item_fee_sumamt_fen: 1000,
                    fee_ocur_date: DAY.to_owned(),
                    ..FeeLine::default()
                };
                let (psn_no, feedetail) = (format!("P{which}"), vec![line]);
                let request_id = id.clone();
                let upload = UploadFeesRequest { request_id, fixmedins_code, mdtrt_id, psn_no, feedetail };
                let visit = upload.mdtrt_id.clone();
                self.carry_out(Write::Upload(upload)).await?;
                self.brought.push((visit, id));
            }
        }
        Some(())
    }

    /// A long stay is settled in parts by many, each behind the one before; the last is taken back, or settles the rest.
    pub(super) async fn in_parts(&mut self) -> Option<()> {
        let (which, id) = (self.draws.below(STAYS), self.id("Y"));
        let day = format!("2024-06-{:02}", 2 + self.draws.below(28));
        let goes_on = !self.draws.one_in(6);
        let amount = (100 + self.draws.below(900)).to_string();
        let part = stay(&format!("{IN_PARTS}{which}"), "2024-06-01", &day, &amount).but(|visit| {
            visit.mdtrt_id = format!("{IN_PARTS}{which}");
            visit.mid_setl_flag = goes_on;
            visit.feedetail[0].feedetl_sn = id.clone();
            visit.feedetail[0].fee_ocur_date = day.clone();
        });
        let settled = self.settle(&id, part).await?;
        if !goes_on || self.draws.one_in(2) {
            self.carry_out(Write::Reverse(reversal_of(&self.id("YR"), &settled))).await?;
        }
        Some(())
    }

    /// Settles for somebody who has two records, under either, until and while they are merged.
    pub(super) async fn two_numbers(&mut self) -> Option<()> {
        if !self.merged && self.draws.one_in(3) {
            self.merged = true;
            let [keep_psn_no, merged_psn_no] = two_numbers_of(self.number);
            let (request_id, reason) = (self.id("G"), "重复建档".to_owned());
            let merge = MergePersonsRequest { request_id, keep_psn_no, merged_psn_no, reason };
            return self.carry_out(Write::Merge(merge)).await.map(|_| ());
        }
        let numbers = two_numbers_of(self.draws.below(super::load::CLIENTS));
        let psn_no = &numbers[self.draws.below(2) as usize];
        if self.draws.one_in(4) {
            let (request_id, psn_no) = (self.id("GD"), psn_no.clone());
            let amount_fen = 1 + self.draws.below(5000) as i64;
            let poolarea_no = COMPOSITE_AREA.to_owned();
            let deposit = DepositRequest { request_id, psn_no, poolarea_no, amount_fen };
            return self.carry_out(Write::Deposit(deposit)).await.map(|_| ());
        }
        let yuan = (300 + self.draws.below(600)).to_string();
        let settled = self.settle(&self.id("GS"), clinic(psn_no, DAY, &yuan).with_account()).await?;
        if self.draws.one_in(3) {
            self.carry_out(Write::Reverse(reversal_of(&self.id("GR"), &settled))).await?;
        }
        Some(())
    }

    /// Somebody is settled for, and was not insured any more, it turns out; and of some that turns out to be wrong.
    pub(super) async fn recorded_late(&mut self) -> Option<()> {
        let psn_no = self.id(LATE);
        let person = Person::employee(&psn_no);
        let rows = vec![person.row.clone()];
        self.carry_out(Write::Person(ImportPersonsRequest { request_id: self.id("LP"), rows })).await?;
        self.insured(&person, "LC", "").await?;
        self.settle(&self.id("LS"), clinic(&psn_no, DAY, "500")).await?;
        self.insured(&person, "LE", "2024-02-01").await?;
        if self.draws.one_in(2) {
            self.insured(&person, "LU", "").await?;
        }
        Some(())
    }

    async fn insured(&mut self, person: &Person, what: &str, enddate: &str) -> Option<()> {
        let row = CoverageRow { enddate: enddate.to_owned(), ..person.coverage.clone() };
        let request = ImportCoveragesRequest { request_id: self.id(what), rows: vec![row] };
        self.carry_out(Write::Coverage(request)).await.map(|_| ())
    }
}

fn code(which: u64) -> String {
    format!("8112345678901234{which:04}")
}
