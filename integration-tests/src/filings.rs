//! Filings (异地就医备案), told in a line.

use yizhan_proto::filing::v1::{
    AdvanceFilingRequest, Filing, FilingAction, Material, Referral, SubmitFilingRequest,
};

use crate::client::{Answer, Client, read, some_id};

/// A filing of somebody to a place, with these papers beside what every filing needs.
fn filing_of(
    psn_no: &str,
    insutype: &str,
    out_fil_type: &str,
    place: &str,
    papers: &[&str],
) -> SubmitFilingRequest {
    let paper = |material: &&str| Material { material: (*material).to_owned(), ..Material::default() };
    SubmitFilingRequest {
        request_id: some_id(),
        psn_no: psn_no.to_owned(),
        insutype: insutype.to_owned(),
        out_fil_type: out_fil_type.to_owned(),
        rloc_admdvs: place.to_owned(),
        materials: ["certificate", "filing_form"].iter().chain(papers).map(paper).collect(),
        dcla_souc: "02".to_owned(),
        ..SubmitFilingRequest::default()
    }
}

impl Client {
    /// Hands in a filing; it is as far as the rules let the caller bring it.
    pub async fn submit_filing(&self, request: SubmitFilingRequest) -> Answer<Filing> {
        Ok(read(self.filings().submit_filing(request).await)?.filing.expect("a filing"))
    }

    /// 其他临时外出: the person serves themself, from today on.
    pub async fn file_temporary(&self, psn_no: &str, insutype: &str, place: &str) -> Filing {
        let person = self.as_caller(&format!("person:{psn_no}"));
        person.submit_filing(filing_of(psn_no, insutype, "11", place, &[])).await.expect("filed")
    }

    /// 异地长期居住, from today on: submitted at a window, completed by another officer of the home area.
    pub async fn file_long_term(&self, psn_no: &str, insutype: &str, place: &str, home: &str) -> Filing {
        let filing = filing_of(psn_no, insutype, "07", place, &["residence_proof"]);
        self.file_at_window(filing, home).await
    }

    /// 异地转诊, from today on, by a hospital at home.
    pub async fn file_referral(&self, psn_no: &str, insutype: &str, place: &str, home: &str) -> Filing {
        let referral = Referral {
            fixmedins_code: format!("H{home}00003"),
            reflin_medins_no: String::new(),
            refl_date: "2026-01-30".to_owned(),
        };
        let filing = filing_of(psn_no, insutype, "06", place, &["referral_certificate"]);
        self.file_at_window(SubmitFilingRequest { referral: Some(referral), ..filing }, home).await
    }

    async fn file_at_window(&self, filing: SubmitFilingRequest, home: &str) -> Filing {
        let agency = self.as_caller(&format!("agency:{home}"));
        let submitted = agency.submit_filing(SubmitFilingRequest { opter: "officer1".to_owned(), ..filing });
        let step = AdvanceFilingRequest {
            request_id: some_id(),
            filing_id: submitted.await.expect("filed").filing_id,
            action: FilingAction::Complete.into(),
            opter: "officer2".to_owned(),
            ..AdvanceFilingRequest::default()
        };
        read(agency.filings().advance_filing(step).await).expect("completed").filing.expect("a filing")
    }
}
