//! `yizhan check-deployment`: a visit is settled through services that are deployed somewhere, looked at by audit, counted by credit, and
//! reversed. Person, institution and area are invented (999900, the composite area of the embedded policies), so that no real
//! book is touched; what remains is a settlement and its reversal in the books of that area.

use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{Datelike, Days};
use clap::Args;
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::codegen::InterceptedService;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};
use yizhan_money::Fen;
use yizhan_proto::credit::v1::figure_service_client::FigureServiceClient;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::{
    GetQualificationRequest, ListInstitutionFiguresRequest, QualificationQuestion,
};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, GetEligibilityRequest, ImportCoveragesRequest, ImportPersonsRequest, PersonRow,
};
use yizhan_proto::filing::v1::FindFilingRequest;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, ImportCatalogueRequest, ImportInstitutionsRequest, Institution, ReverseRequest,
    SettleRequest, Settlement, SettlementInfo, Visit,
};
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::ids::{base32hex, new_id};
use yizhan_runtime::{Caller, Clock};

use crate::demo::bills::{DAY_IN_HOSPITAL, stay};
use crate::demo::register::priced_items;
use crate::shown::{self, TlsArguments};

/// The area of the embedded composite policy: no area's real one.
const AREA: &str = "999900";
/// 示例 institution of the check.
const INSTITUTION: &str = "H99990000099";
/// The insured of the check.
const PERSON: &str = "CHECK-DEPLOYMENT";
/// How long credit may take to hear of a settlement.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one call may take: a deployment that has just begun is slower.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where the services are, and how the check shows who it is.
#[derive(Args)]
pub struct CheckArguments {
    /// Address of enrollment (参保), http://… or https://…
    #[arg(long)]
    enrollment: String,
    /// Address of settlement (一站式结算).
    #[arg(long)]
    settlement: String,
    /// Address of filing (异地就医备案); without: not checked.
    #[arg(long)]
    filing: Option<String>,
    /// Address of audit (智能审核与稽核); without: not checked.
    #[arg(long)]
    audit: Option<String>,
    /// Address of credit (信用评价); without: not checked.
    #[arg(long)]
    credit: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// Token of the agency `agency:999900`, where callers show tokens.
    #[arg(long, env = "YIZHAN_CHECK_AGENCY_TOKEN", hide_env_values = true)]
    agency_token: Option<String>,
    /// Token of the institution `institution:H99990000099`, likewise.
    #[arg(long, env = "YIZHAN_CHECK_INSTITUTION_TOKEN", hide_env_values = true)]
    institution_token: Option<String>,
}

/// A token on every request, where there is one.
#[derive(Clone)]
struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

type To = InterceptedService<PeerChannel, Bearer>;

impl CheckArguments {
    fn to(&self, address: &str, caller: &Caller, token: Option<&String>) -> anyhow::Result<To> {
        let peer = PeerConfig { deadline: DEADLINE, tls: self.tls.peer(), ..PeerConfig::at(address) };
        let token = token.map(|token| format!("Bearer {token}").parse()).transpose();
        let bearer = Bearer(token.context("a token is not plain text")?);
        Ok(InterceptedService::new(client::channel(&peer, caller)?, bearer))
    }

    /// As the agency of the area.
    fn agency(&self, address: &str) -> anyhow::Result<To> {
        let caller = Caller::parse(&format!("agency:{AREA}")).context("no agency")?;
        self.to(address, &caller, self.agency_token.as_ref())
    }

    /// As the institution.
    fn institution(&self, address: &str) -> anyhow::Result<To> {
        let caller = Caller::Institution { code: INSTITUTION.to_owned() };
        self.to(address, &caller, self.institution_token.as_ref())
    }
}

/// Checks it, and says what was done.
///
/// # Errors
/// The first thing that is not as it should be.
pub async fn check(arguments: CheckArguments) -> anyhow::Result<()> {
    register(&arguments).await.context("registering")?;
    let counted = counted(&arguments).await.context("credit")?;
    let settled = settle(&arguments).await.context("settling")?;
    // Whatever is wrong from here on: nothing stays settled.
    let looked_at = look(&arguments, &settled, counted).await;
    reverse(&arguments, &settled).await.context("reversing")?;
    looked_at?;
    if let Some(counted) = counted {
        wait_for(&arguments, counted).await.context("credit, after the reversal")?;
    }
    books(&arguments).await.context("the books")?;
    println!("The deployment settles, and everything it did here was undone.");
    Ok(())
}

async fn register(arguments: &CheckArguments) -> anyhow::Result<()> {
    let settlement = arguments.agency(&arguments.settlement)?;
    let institution = Institution {
        fixmedins_code: INSTITUTION.into(),
        fixmedins_name: "部署检查示例医院".into(),
        level: "third".into(),
        admdvs: AREA.into(),
        fixmedins_type: "1".into(),
        contracted: true,
        dual_channel: false,
    };
    let institutions = vec![institution];
    let mut request = ImportInstitutionsRequest { institutions, ..ImportInstitutionsRequest::default() };
    request.request_id = imported("institutions", &request);
    InstitutionServiceClient::new(settlement.clone()).import_institutions(request).await.map_err(told)?;
    let items = priced_items(&[AREA])?;
    let mut request = ImportCatalogueRequest { items, ..ImportCatalogueRequest::default() };
    request.request_id = imported("catalogue", &request);
    CatalogueServiceClient::new(settlement).import_catalogue(request).await.map_err(told)?;
    let mut enrollment = EnrollmentServiceClient::new(arguments.agency(&arguments.enrollment)?);
    let person = PersonRow {
        psn_no: PERSON.into(),
        psn_cert_type: "99".into(),
        certno: format!("SAMPLE{PERSON}"),
        psn_name: "部署检查".into(),
        gend: "1".into(),
        brdy: "1980-01-01".into(),
        poolarea_no: AREA.into(),
        ..PersonRow::default()
    };
    let mut request = ImportPersonsRequest { rows: vec![person], ..ImportPersonsRequest::default() };
    request.request_id = imported("persons", &request);
    enrollment.import_persons(request).await.map_err(told)?;
    let coverage = CoverageRow {
        psn_no: PERSON.into(),
        insutype: "310".into(),
        psn_type: "1101".into(),
        psn_insu_stas: "1".into(),
        begndate: "2010-01-01".into(),
        ..CoverageRow::default()
    };
    let mut request = ImportCoveragesRequest { rows: vec![coverage], ..ImportCoveragesRequest::default() };
    request.request_id = imported("coverages", &request);
    enrollment.import_coverages(request).await.map_err(told)?;
    let request = GetEligibilityRequest {
        psn_no: PERSON.into(),
        as_of: today(),
        insutype: "310".into(),
        ..GetEligibilityRequest::default()
    };
    let answer = enrollment.get_eligibility(request).await.map_err(told)?.into_inner();
    ensure!(
        answer.eligibility.is_some_and(|eligibility| eligibility.entitled),
        "the insured is not entitled"
    );
    println!("enrollment: registered, insured, entitled");
    if let Some(filing) = &arguments.filing {
        ask_filing(arguments.agency(filing)?).await.context("filing")?;
        println!("filing: answers how a visit counts");
    }
    Ok(())
}

async fn ask_filing(filing: To) -> anyhow::Result<()> {
    let request = FindFilingRequest {
        psn_no: PERSON.into(),
        insutype: "310".into(),
        fixmedins_lv: "third".into(),
        mdtrtarea_admvs: "310115".into(),
        begndate: today(),
        enddate: today(),
        med_type: "21".into(),
        ..FindFilingRequest::default()
    };
    FilingServiceClient::new(filing).find_filing(request).await.map_err(told)?;
    Ok(())
}

async fn settle(arguments: &CheckArguments) -> anyhow::Result<Settlement> {
    let yesterday = Clock::system().today() - Days::new(1);
    let days = [yesterday.to_string(), today()];
    let visit = stay(PERSON, "310", INSTITUTION, [&days[0], &days[1]], DAY_IN_HOSPITAL);
    let run = new_id();
    let renamed = |text: &str| text.replace(&visit.mdtrt_id, &format!("C{run}"));
    let feedetail = visit.feedetail.iter().cloned().map(|line| {
        let feedetl_sn = renamed(&line.feedetl_sn);
        yizhan_proto::settlement::v1::FeeLine { feedetl_sn, ..line }
    });
    let visit = Visit { mdtrt_id: renamed(&visit.mdtrt_id), feedetail: feedetail.collect(), ..visit.clone() };
    let mut settlement = SettlementServiceClient::new(arguments.institution(&arguments.settlement)?);
    let request = SettleRequest {
        request_id: format!("check-deployment-{run}"),
        visit: Some(visit),
        ..SettleRequest::default()
    };
    let settled = settlement.settle(request).await.map_err(told)?.into_inner().settlement;
    let settled = settled.context("no settlement in the answer")?;
    let info = info(&settled)?;
    println!(
        "settlement: {} of {} yuan paid by funds",
        Fen(info.fund_pay_sumamt_fen),
        Fen(info.medfee_sumamt_fen)
    );
    Ok(settled)
}

/// What audit and credit say of it.
async fn look(arguments: &CheckArguments, settled: &Settlement, counted: Option<i64>) -> anyhow::Result<()> {
    let info = info(settled)?;
    ensure!(info.fund_pay_sumamt_fen > 0, "no fund paid anything");
    let shares: i64 = settled.setldetail.iter().map(|row| row.fund_payamt_fen).sum();
    ensure!(shares == info.medfee_sumamt_fen, "the shares do not add up to the bill");
    if arguments.audit.is_some() {
        ensure!(!info.audit_pending, "settlement did not ask audit, or audit did not answer in time");
        println!("audit: looked at the visit before it was settled");
    }
    if let Some(counted) = counted {
        wait_for(arguments, counted + 1).await.context("credit")?;
        println!("credit: knows practitioners, and counted the settlement by settlement's feed");
    }
    Ok(())
}

async fn reverse(arguments: &CheckArguments, settled: &Settlement) -> anyhow::Result<()> {
    let info = info(settled)?;
    let mut settlement = SettlementServiceClient::new(arguments.institution(&arguments.settlement)?);
    let request = ReverseRequest {
        request_id: format!("check-deployment-reverse-{}", info.setl_id),
        psn_no: PERSON.into(),
        setl_id: info.setl_id.clone(),
        reason: "deployment checked".into(),
    };
    settlement.reverse(request).await.map_err(told)?;
    println!("settlement: reversed");
    Ok(())
}

async fn books(arguments: &CheckArguments) -> anyhow::Result<()> {
    let mut settlement = SettlementServiceClient::new(arguments.agency(&arguments.settlement)?);
    let request = CheckBooksRequest { poolarea_no: AREA.into() };
    let books = settlement.check_books(request).await.map_err(told)?.into_inner();
    ensure!(books.discrepancies.is_empty(), "{}", books.discrepancies.join("; "));
    println!("settlement: the books of {AREA} balance, {} settlements", books.settlements);
    Ok(())
}

/// Settlements of the institution this month, as credit counts them; `None` where it is not checked.
async fn counted(arguments: &CheckArguments) -> anyhow::Result<Option<i64>> {
    let Some(address) = &arguments.credit else { return Ok(None) };
    let credit = arguments.agency(address)?;
    let question = QualificationQuestion {
        practitioner_code: "D999900000001".into(),
        ..QualificationQuestion::default()
    };
    let request = GetQualificationRequest { questions: vec![question] };
    QualificationServiceClient::new(credit.clone()).get_qualification(request).await.map_err(told)?;
    let today = Clock::system().today();
    let month = today.format("%Y-%m").to_string();
    let request = ListInstitutionFiguresRequest {
        poolarea_no: AREA.into(),
        year: today.year(),
        fixmedins_code: INSTITUTION.into(),
        ..ListInstitutionFiguresRequest::default()
    };
    let answer = FigureServiceClient::new(credit).list_institution_figures(request).await.map_err(told)?;
    let months = answer.into_inner().institutions.into_iter().flat_map(|institution| institution.months);
    Ok(Some(months.filter(|figures| figures.month == month).map(|figures| figures.settlements).sum()))
}

/// Until credit has counted so many.
async fn wait_for(arguments: &CheckArguments, settlements: i64) -> anyhow::Result<()> {
    let heard = async {
        while counted(arguments).await? != Some(settlements) {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, heard).await.context("it did not hear of the settlement")?
}

/// Under which number rows are imported: another one when any of them is another than in the version before, for the same request brings the same.
fn imported(what: &str, rows: &impl Message) -> String {
    let digest = Sha256::digest(rows.encode_to_vec());
    format!("check-deployment-{what}-{}", base32hex(&digest[..10]))
}

fn info(settlement: &Settlement) -> anyhow::Result<&SettlementInfo> {
    settlement.setlinfo.as_ref().context("no settlement in the answer")
}

fn today() -> String {
    Clock::system().today().to_string()
}

fn told(status: Status) -> anyhow::Error {
    anyhow::Error::msg(shown::told(&status.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_otherwise_is_another_request() {
        let of = |name: &str| {
            let institution = Institution { fixmedins_name: name.to_owned(), ..Institution::default() };
            let institutions = vec![institution];
            imported(
                "institutions",
                &ImportInstitutionsRequest { institutions, ..ImportInstitutionsRequest::default() },
            )
        };
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert!(of("a").len() <= 64, "a request_id may be so long: {}", of("a"));
    }
}
