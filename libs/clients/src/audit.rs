//! audit: what is against a rule in a visit that is about to be settled? Away, or late: it is settled all the same, and audit sees it in the
//! feed.

use std::time::Duration;

use tonic::{Request, Status, async_trait};
use yizhan_proto::audit::v1::check_service_client::CheckServiceClient;
use yizhan_proto::audit::v1::{CheckRequest, Diagnosis, Encounter, EncounterLine, TraceCode, Violation};
use yizhan_proto::settlement::v1::{DrugTraceCode, FeeLineResult, Settlement, SettlementInfo};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::{Caller, deadline};

use crate::guard::Guard;

/// What settlement asks of audit.
#[async_trait]
pub trait Audit: Send + Sync {
    /// What is against a rule, in order of severity.
    ///
    /// # Errors
    /// Where audit did not answer in time, or not at all: nobody is refused for that.
    async fn check(&self, question: CheckRequest) -> Result<Vec<Violation>, Status>;
}

/// Audit over gRPC.
pub struct AuditPeer {
    client: CheckServiceClient<PeerChannel>,
    deadline: Duration,
    guard: Guard,
}

impl AuditPeer {
    /// As this service; connects when first asked. What is not answered by the deadline, which is shorter than that of other calls, is late.
    pub fn new(peer: &PeerConfig, service: &str, deadline: Duration) -> anyhow::Result<AuditPeer> {
        let channel = client::channel(peer, &Caller::Service { name: service.to_owned() })?;
        let guard = Guard::new("audit", deadline);
        Ok(AuditPeer { client: CheckServiceClient::new(channel), deadline, guard })
    }
}

#[async_trait]
impl Audit for AuditPeer {
    async fn check(&self, question: CheckRequest) -> Result<Vec<Violation>, Status> {
        let ask = || {
            let (mut client, mut request) = (self.client.clone(), Request::new(question.clone()));
            request.set_timeout(deadline::allowed(self.deadline));
            async move { client.check(request).await }
        };
        Ok(self.guard.read(1, ask).await?.into_inner().result)
    }
}

/// A settlement, or preview, as audit sees it: what it was answered with, refunds taken off. Of a part of a stay (中途结算) its own lines: rows of
/// earlier parts say how those are otherwise since, and are no lines of it.
pub fn encounter(settlement: &Settlement) -> Encounter {
    let info = settlement.setlinfo.clone().unwrap_or_default();
    let own = settlement.feedetail.iter().filter(|row| !row.earlier_part);
    Encounter {
        medins_type: institution_type(&info),
        diagnoses: diagnoses(&info),
        lines: own.map(line).collect(),
        psn_no: info.psn_no,
        gend: info.gend,
        brdy: info.brdy,
        poolarea_no: info.poolarea_no,
        insutype: info.insutype,
        mdtrt_id: info.mdtrt_id,
        med_type: info.med_type,
        fixmedins_code: info.fixmedins_code,
        medins_lv: info.medins_lv,
        begndate: info.begndate,
        enddate: info.enddate,
        adm_dept_codg: info.adm_dept_codg,
        dscg_dept_codg: info.dscg_dept_codg,
        dr_codg: info.dr_codg,
        opsp_dise_code: info.opsp_dise_code,
        emergency: info.emergency,
        itnt_flag: info.itnt_flag,
        dscg_way: info.dscg_way,
        adm_way: info.adm_way,
        operations: info.oprninfo,
        setl_id: info.setl_id,
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        fund_pay_sumamt_fen: info.fund_pay_sumamt_fen,
        psn_part_amt_fen: info.psn_part_amt_fen,
    }
}

/// Settlements from before audit do not tell it; the codes of pharmacies begin with P.
fn institution_type(info: &SettlementInfo) -> String {
    let by_code = if info.fixmedins_code.starts_with('P') { "2" } else { "1" };
    if info.medins_type.is_empty() { by_code.to_owned() } else { info.medins_type.clone() }
}

fn diagnoses(info: &SettlementInfo) -> Vec<Diagnosis> {
    let named = |(index, code): (usize, &String)| Diagnosis {
        dise_codg: code.clone(),
        dise_name: info.dise_name.get(index).cloned().unwrap_or_default(),
        maindise_flag: index == 0,
    };
    info.dise_codg.iter().enumerate().map(named).collect()
}

fn line(row: &FeeLineResult) -> EncounterLine {
    let codes = row.drug_trac_info.iter();
    let code = |code: &DrugTraceCode| TraceCode {
        drug_trac_codg: code.drug_trac_codg.clone(),
        trdn_flag: code.trdn_flag,
    };
    EncounterLine {
        feedetl_sn: row.feedetl_sn.clone(),
        rxno: row.rxno.clone(),
        hilist_code: row.hilist_code.clone(),
        hilist_name: row.hilist_name.clone(),
        list_type: row.list_type.clone(),
        cnt: row.cnt.clone(),
        pric: row.pric.clone(),
        det_item_fee_sumamt_fen: row.det_item_fee_sumamt_fen,
        inscp_scp_amt_fen: row.inscp_scp_amt_fen,
        fee_ocur_time: if row.fee_ocur_date_assumed { String::new() } else { time_of(row) },
        bilg_dept_codg: row.bilg_dept_codg.clone(),
        bilg_dr_codg: row.bilg_dr_codg.clone(),
        prd_days: row.prd_days,
        sin_dos_dscr: row.sin_dos_dscr.clone(),
        used_frqu_dscr: row.used_frqu_dscr.clone(),
        dscg_tkdrug_flag: row.dscg_tkdrug_flag,
        long_rx_flag: row.long_rx_flag,
        init_feedetl_sn: String::new(),
        drug_trac_info: codes.map(code).collect(),
    }
}

fn time_of(row: &FeeLineResult) -> String {
    format!("{} {}", row.fee_ocur_date, row.fee_ocur_time).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_is_told_what_was_settled() {
        let row = |feedetl_sn: &str, earlier_part, fee_ocur_time: &str| FeeLineResult {
            feedetl_sn: feedetl_sn.to_owned(),
            fee_ocur_date: "2026-01-20".to_owned(),
            fee_ocur_time: fee_ocur_time.to_owned(),
            inscp_scp_amt_fen: 90,
            earlier_part,
            ..FeeLineResult::default()
        };
        let info = SettlementInfo {
            fixmedins_code: "P43020000001".to_owned(),
            dise_codg: vec!["I10".to_owned(), "E11.9".to_owned()],
            dise_name: vec!["高血压".to_owned(), "糖尿病".to_owned()],
            ..SettlementInfo::default()
        };
        let assumed = FeeLineResult { fee_ocur_date_assumed: true, ..row("3", false, "") };
        let feedetail = vec![row("0", true, ""), row("1", false, ""), row("2", false, "08:30:00"), assumed];
        let told = encounter(&Settlement { setlinfo: Some(info), feedetail, ..Settlement::default() });
        assert_eq!(told.medins_type, "2", "a pharmacy, by its code");
        let diagnoses: Vec<_> =
            told.diagnoses.iter().map(|one| (one.dise_name.as_str(), one.maindise_flag)).collect();
        assert_eq!(diagnoses, [("高血压", true), ("糖尿病", false)]);
        let lines: Vec<_> =
            told.lines.iter().map(|line| (line.feedetl_sn.as_str(), line.fee_ocur_time.as_str())).collect();
        let expected = [("1", "2026-01-20"), ("2", "2026-01-20 08:30:00"), ("3", "")];
        assert_eq!(lines, expected, "its own lines, with the days that were reported");
    }
}
