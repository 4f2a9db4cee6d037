//! A client of the whole platform, with one short method for each call.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tonic::{Response, Status, Streaming};
use yizhan_proto::enrollment::v1::account_share_service_client::AccountShareServiceClient;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_proto::settlement::v1::account_service_client::AccountServiceClient;
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::deferral_service_client::DeferralServiceClient;
use yizhan_proto::settlement::v1::fee_service_client::FeeServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::manual_payment_service_client::ManualPaymentServiceClient;
use yizhan_proto::settlement::v1::opening_service_client::OpeningServiceClient;
use yizhan_proto::settlement::v1::policy_service_client::PolicyServiceClient;
use yizhan_proto::settlement::v1::reconciliation_service_client::ReconciliationServiceClient;
use yizhan_proto::settlement::v1::reimbursement_service_client::ReimbursementServiceClient;
use yizhan_proto::settlement::v1::resettlement_service_client::ResettlementServiceClient;
use yizhan_proto::settlement::v1::settlement_rules_service_client::SettlementRulesServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::trace_code_service_client::TraceCodeServiceClient;
use yizhan_proto::settlement::v1::worklist_service_client::WorklistServiceClient;
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{PeerChannel, channel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;

use crate::checks::info;
use crate::person::Person;
use crate::places::COMPOSITE_AREA;

/// How long a call may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
/// Rows of one import at most.
const IMPORT_ROWS: usize = 1000;

/// Where a client looks for a service that a test does not start.
pub const NOBODY: &str = "http://127.0.0.1:1";

/// An answer, or what the service said instead.
pub type Answer<T> = Result<T, Box<RemoteError>>;

/// A client of every service that calls as somebody. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    urls: [String; 5],
    to_settlement: PeerChannel,
    to_enrollment: PeerChannel,
    to_filing: PeerChannel,
    to_audit: PeerChannel,
    to_credit: PeerChannel,
}

/// The answer itself.
pub(crate) fn read<T>(answer: Result<Response<T>, Status>) -> Answer<T> {
    answer.map(Response::into_inner).map_err(|status| Box::new(RemoteError::from(status)))
}

/// The refusal a test expects.
#[track_caller]
pub fn refused<T: Debug>(answer: Answer<T>) -> RemoteError {
    *answer.expect_err("to be refused")
}

/// Request ids for imports, where tests do not care.
pub(crate) fn some_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("some-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Settles without a quote and whatever the version of the person.
pub fn settle_request(request_id: &str, visit: impl Into<Visit>) -> SettleRequest {
    SettleRequest {
        request_id: request_id.to_owned(),
        visit: Some(visit.into()),
        quote_id: String::new(),
        person_version: 0,
    }
}

/// Reverses a settlement.
pub fn reversal_of(request_id: &str, settlement: &Settlement) -> ReverseRequest {
    ReverseRequest {
        request_id: request_id.to_owned(),
        psn_no: info(settlement).psn_no.clone(),
        setl_id: info(settlement).setl_id.clone(),
        reason: "费用录入有误".to_owned(),
    }
}

impl Client {
    /// As the local administrator, of settlement, enrollment, filing, audit and credit.
    pub fn new(urls: [String; 5]) -> Client {
        Client::of(urls, &Caller::LocalAdministrator)
    }

    fn of(urls: [String; 5], caller: &Caller) -> Client {
        let to = |url: &String| {
            let peer = PeerConfig { deadline: DEADLINE, ..PeerConfig::at(url.as_str()) };
            channel(&peer, caller).expect("a URL")
        };
        let [to_settlement, to_enrollment, to_filing, to_audit, to_credit] = urls.each_ref().map(to);
        Client { urls, to_settlement, to_enrollment, to_filing, to_audit, to_credit }
    }

    /// To audit's services.
    pub fn to_audit(&self) -> PeerChannel {
        self.to_audit.clone()
    }

    /// To credit's services.
    pub fn to_credit(&self) -> PeerChannel {
        self.to_credit.clone()
    }

    /// To settlement's services.
    pub fn to_settlement(&self) -> PeerChannel {
        self.to_settlement.clone()
    }

    /// The same servers, called as somebody else, e.g. `institution:H99990000003`.
    pub fn as_caller(&self, caller: &str) -> Client {
        let caller = Caller::parse(caller).expect("a caller");
        Client::of(self.urls.clone(), &caller)
    }

    /// SettlementService.
    pub fn settlements(&self) -> SettlementServiceClient<PeerChannel> {
        SettlementServiceClient::new(self.to_settlement.clone())
    }

    /// AccountShareService.
    pub fn shares(&self) -> AccountShareServiceClient<PeerChannel> {
        AccountShareServiceClient::new(self.to_enrollment.clone())
    }

    /// The owner of an account lets a near relative use it, since long ago.
    pub async fn share_account(&self, owner: &str, relative: &str, kinship: Kinship) {
        let request = GrantAccountShareRequest {
            request_id: some_id(),
            psn_no: relative.to_owned(),
            sharer_psn_no: owner.to_owned(),
            kinship: kinship.into(),
            begndate: "2010-01-01".to_owned(),
            ..GrantAccountShareRequest::default()
        };
        let owner = self.as_caller(&format!("person:{owner}"));
        read(owner.shares().grant_account_share(request).await).expect("shared");
    }

    /// The owner withdraws it; `mistaken`: it never was.
    pub async fn withdraw_account(&self, owner: &str, relative: &str, mistaken: bool) -> i32 {
        let request = WithdrawAccountShareRequest {
            request_id: some_id(),
            psn_no: relative.to_owned(),
            sharer_psn_no: owner.to_owned(),
            mistaken,
        };
        let owner = self.as_caller(&format!("person:{owner}"));
        read(owner.shares().withdraw_account_share(request).await).expect("withdrawn").ended_count
    }

    /// Somebody died.
    pub async fn record_death(&self, psn_no: &str, die_date: &str) {
        let request = RecordDeathRequest {
            request_id: some_id(),
            psn_no: psn_no.to_owned(),
            die_date: die_date.to_owned(),
        };
        read(self.coverage().record_death(request).await).expect("recorded");
    }

    /// PolicyService.
    pub fn policies(&self) -> PolicyServiceClient<PeerChannel> {
        PolicyServiceClient::new(self.to_settlement.clone())
    }

    /// SettlementRulesService.
    pub fn settlement_rules(&self) -> SettlementRulesServiceClient<PeerChannel> {
        SettlementRulesServiceClient::new(self.to_settlement.clone())
    }

    /// Where a code stands.
    pub async fn find_trace_code(&self, code: &str) -> Answer<FindTraceCodeResponse> {
        let mut service = TraceCodeServiceClient::new(self.to_settlement.clone());
        read(service.find_trace_code(FindTraceCodeRequest { drug_trac_codg: code.to_owned() }).await)
    }

    /// CatalogueService.
    pub fn catalogue(&self) -> CatalogueServiceClient<PeerChannel> {
        CatalogueServiceClient::new(self.to_settlement.clone())
    }

    /// InstitutionService.
    pub fn institutions(&self) -> InstitutionServiceClient<PeerChannel> {
        InstitutionServiceClient::new(self.to_settlement.clone())
    }

    /// AccountService.
    pub fn accounts(&self) -> AccountServiceClient<PeerChannel> {
        AccountServiceClient::new(self.to_settlement.clone())
    }

    /// WorklistService.
    pub fn worklist(&self) -> WorklistServiceClient<PeerChannel> {
        WorklistServiceClient::new(self.to_settlement.clone())
    }

    /// Items of an area in a state.
    pub async fn worklist_of(&self, poolarea_no: &str, state: WorkItemState) -> Answer<Vec<WorkItem>> {
        let request = ListWorklistRequest {
            poolarea_no: poolarea_no.to_owned(),
            state: state.into(),
            ..ListWorklistRequest::default()
        };
        Ok(read(self.worklist().list_worklist(request).await)?.items)
    }

    /// ResettlementService.
    pub fn resettlement(&self) -> ResettlementServiceClient<PeerChannel> {
        ResettlementServiceClient::new(self.to_settlement.clone())
    }

    /// What a reversal changes for later visits.
    pub async fn find_later_visits(&self, setl_id: &str) -> Answer<FindLaterVisitsResponse> {
        let request = FindLaterVisitsRequest { setl_id: setl_id.to_owned(), purpose: "核对".to_owned() };
        read(self.resettlement().find_later_visits(request).await)
    }

    /// 重新结算
    pub async fn resettle(&self, request: ResettleRequest) -> Answer<ResettleResponse> {
        read(self.resettlement().resettle(request).await)
    }

    /// 重新结算 of everything behind a settlement.
    pub async fn resettle_behind(
        &self,
        request_id: &str,
        settlement: &Settlement,
    ) -> Answer<ResettleResponse> {
        let ReverseRequest { request_id, psn_no, setl_id, reason } = reversal_of(request_id, settlement);
        self.resettle(ResettleRequest { request_id, psn_no, setl_id, reason, later_setl_ids: Vec::new() })
            .await
    }

    /// One item.
    pub async fn work_item(&self, item_id: &str) -> Answer<WorkItem> {
        let request = GetWorkItemRequest { item_id: item_id.to_owned(), purpose: String::new() };
        Ok(read(self.worklist().get_work_item(request).await)?.item.expect("an item"))
    }

    /// Closes an item.
    pub async fn close_work_item(&self, request_id: &str, item_id: &str, reason: &str) -> Answer<WorkItem> {
        let [request_id, item_id, reason] = [request_id, item_id, reason].map(str::to_owned);
        let request = CloseWorkItemRequest { request_id, item_id, reason };
        Ok(read(self.worklist().close_work_item(request).await)?.item.expect("an item"))
    }

    /// Two records of one person become one.
    pub async fn merge(&self, keep_psn_no: &str, merged_psn_no: &str) {
        let request = MergePersonsRequest {
            request_id: some_id(),
            keep_psn_no: keep_psn_no.to_owned(),
            merged_psn_no: merged_psn_no.to_owned(),
            reason: "重复建档".to_owned(),
        };
        read(self.merges().merge_persons(request).await).expect("merged");
    }

    /// A transfer (关系转移接续) from its beginning to its end; an employee's new coverage begins on a day, or has begun already where none
    /// is given.
    pub async fn transfer(&self, psn_no: &str, [from, to]: [&str; 2], begndate: Option<&str>) -> String {
        let mut transfers = TransferServiceClient::new(self.to_enrollment.clone());
        let request = StartTransferRequest {
            request_id: some_id(),
            biz_prcs_codg: "T21".to_owned(),
            psn_no: psn_no.to_owned(),
            from_poolarea_no: from.to_owned(),
            to_poolarea_no: to.to_owned(),
            traf_prot_dirc: "11".to_owned(),
            ..StartTransferRequest::default()
        };
        let started = read(transfers.start_transfer(request).await).expect("started").transfer;
        let transfer_id = started.expect("a transfer").transfer_id;
        use TransferAction::{Accept, Finish, GenerateNotice, GenerateStatement};
        for action in [GenerateNotice, GenerateStatement, Accept, Finish] {
            let begins = begndate.filter(|_| action == Finish);
            let request = AdvanceTransferRequest {
                request_id: some_id(),
                transfer_id: transfer_id.clone(),
                action: action.into(),
                reason: String::new(),
                finish: begins.map(|begndate| FinishTerms {
                    begndate: begndate.to_owned(),
                    psn_type: "11".to_owned(),
                    ..FinishTerms::default()
                }),
            };
            read(transfers.advance_transfer(request).await).expect("a step");
        }
        transfer_id
    }

    /// 新就业地参保: an employee is insured in another area, before the transfer.
    pub async fn enrol_mover(&self, psn_no: &str, poolarea_no: &str, begndate: &str) {
        let request = EnrolMoverRequest {
            request_id: some_id(),
            psn_cert_type: "99".to_owned(),
            certno: format!("T{psn_no}"),
            psn_name: "张小丽".to_owned(),
            poolarea_no: poolarea_no.to_owned(),
            insutype: "310".to_owned(),
            begndate: begndate.to_owned(),
            psn_type: "11".to_owned(),
            payment: Some(Contribution {
                accrym: begndate[..7].to_owned(),
                amount_fen: 1,
                clct_type: "10".to_owned(),
                clct_flag: "1".to_owned(),
                paid_date: begndate.to_owned(),
                ..Contribution::default()
            }),
            ..EnrolMoverRequest::default()
        };
        let mut transfers = TransferServiceClient::new(self.to_enrollment.clone());
        read(transfers.enrol_mover(request).await).expect("enrolled");
    }

    /// Takes a merge back.
    pub async fn unmerge(&self, psn_no: &str) {
        let request = UnmergePersonsRequest {
            request_id: some_id(),
            psn_no: psn_no.to_owned(),
            reason: "误合并".to_owned(),
            person_versions: Vec::new(),
            contribution_ids: Vec::new(),
        };
        read(MergeServiceClient::new(self.to_enrollment.clone()).unmerge_persons(request).await)
            .expect("parted");
    }

    /// 期初, 调整
    pub async fn record_opening(&self, request: RecordOpeningRequest) -> Answer<RecordOpeningResponse> {
        read(OpeningServiceClient::new(self.to_settlement.clone()).record_opening(request).await)
    }

    /// Takes one back.
    pub async fn cancel_opening(&self, request: CancelOpeningRequest) -> Answer<CancelOpeningResponse> {
        read(OpeningServiceClient::new(self.to_settlement.clone()).cancel_opening(request).await)
    }

    /// A person's openings.
    pub async fn list_openings(&self, request: ListOpeningsRequest) -> Answer<ListOpeningsResponse> {
        read(OpeningServiceClient::new(self.to_settlement.clone()).list_openings(request).await)
    }

    /// ManualPaymentService.
    pub fn manual_payments(&self) -> ManualPaymentServiceClient<PeerChannel> {
        ManualPaymentServiceClient::new(self.to_settlement.clone())
    }

    /// DeferralService.
    pub fn deferrals(&self) -> DeferralServiceClient<PeerChannel> {
        DeferralServiceClient::new(self.to_settlement.clone())
    }

    /// ReimbursementService.
    pub fn reimbursements(&self) -> ReimbursementServiceClient<PeerChannel> {
        ReimbursementServiceClient::new(self.to_settlement.clone())
    }

    /// MergeService.
    pub fn merges(&self) -> MergeServiceClient<PeerChannel> {
        MergeServiceClient::new(self.to_enrollment.clone())
    }

    /// 手工报销
    pub async fn record_manual_payment(
        &self,
        request: RecordManualPaymentRequest,
    ) -> Answer<RecordManualPaymentResponse> {
        read(self.manual_payments().record_manual_payment(request).await)
    }

    /// Takes one back.
    pub async fn cancel_manual_payment(
        &self,
        request: CancelManualPaymentRequest,
    ) -> Answer<CancelManualPaymentResponse> {
        read(self.manual_payments().cancel_manual_payment(request).await)
    }

    /// 3201
    pub async fn reconcile_totals(&self, request: ReconcileTotalsRequest) -> Answer<ReconcileTotalsResponse> {
        read(ReconciliationServiceClient::new(self.to_settlement.clone()).reconcile_totals(request).await)
    }

    /// 3202
    pub async fn reconcile_lines(&self, request: ReconcileLinesRequest) -> Answer<ReconcileLinesResponse> {
        read(ReconciliationServiceClient::new(self.to_settlement.clone()).reconcile_lines(request).await)
    }

    /// 2601, looking only.
    pub async fn find_message(&self, request: FindMessageRequest) -> Answer<FindMessageResponse> {
        read(ReconciliationServiceClient::new(self.to_settlement.clone()).find_message(request).await)
    }

    /// 2601 冲正
    pub async fn reverse_message(&self, request: ReverseMessageRequest) -> Answer<ReverseMessageResponse> {
        read(ReconciliationServiceClient::new(self.to_settlement.clone()).reverse_message(request).await)
    }

    /// FeeService.
    pub fn fees(&self) -> FeeServiceClient<PeerChannel> {
        FeeServiceClient::new(self.to_settlement.clone())
    }

    /// EnrollmentService.
    pub fn enrollment(&self) -> EnrollmentServiceClient<PeerChannel> {
        EnrollmentServiceClient::new(self.to_enrollment.clone())
    }

    /// CoverageService.
    pub fn coverage(&self) -> CoverageServiceClient<PeerChannel> {
        CoverageServiceClient::new(self.to_enrollment.clone())
    }

    /// RightsService.
    pub fn rights(&self) -> RightsServiceClient<PeerChannel> {
        RightsServiceClient::new(self.to_enrollment.clone())
    }

    /// FilingService.
    pub fn filings(&self) -> FilingServiceClient<PeerChannel> {
        FilingServiceClient::new(self.to_filing.clone())
    }

    /// 预结算
    pub async fn preview(&self, visit: impl Into<Visit>) -> Answer<PreviewResponse> {
        read(self.settlements().preview(PreviewRequest { visit: Some(visit.into()) }).await)
    }

    /// 结算, and the whole answer to it.
    pub async fn answer_to(&self, request: SettleRequest) -> Answer<SettleResponse> {
        read(self.settlements().settle(request).await)
    }

    /// 结算
    pub async fn settle(&self, request_id: &str, visit: impl Into<Visit>) -> Answer<Settlement> {
        let answer = self.answer_to(settle_request(request_id, visit)).await?;
        Ok(answer.settlement.expect("a settlement"))
    }

    /// 结算, again and again while the service asks to retry: others settle for the same person, or it is busy.
    pub async fn settle_stubbornly(&self, request: SettleRequest) -> Answer<SettleResponse> {
        for _ in 0..200 {
            match self.answer_to(request.clone()).await {
                Err(error) if error.retry_after.is_some() => {
                    tokio::time::sleep(error.retry_after.unwrap_or_default()).await;
                }
                answer => return answer,
            }
        }
        self.answer_to(request).await
    }

    /// 撤销
    pub async fn reverse(&self, request_id: &str, settlement: &Settlement) -> Answer<Settlement> {
        let answer = read(self.settlements().reverse(reversal_of(request_id, settlement)).await)?;
        Ok(answer.settlement.expect("a settlement"))
    }

    /// 撤销, and what it says of later visits.
    pub async fn reverse_telling(
        &self,
        request_id: &str,
        settlement: &Settlement,
    ) -> Answer<ReverseResponse> {
        read(self.settlements().reverse(reversal_of(request_id, settlement)).await)
    }

    /// 撤销, under a number of the person.
    pub async fn reverse_as(
        &self,
        psn_no: &str,
        request_id: &str,
        settlement: &Settlement,
    ) -> Answer<Settlement> {
        let request = ReverseRequest { psn_no: psn_no.to_owned(), ..reversal_of(request_id, settlement) };
        Ok(read(self.settlements().reverse(request).await)?.settlement.expect("a settlement"))
    }

    /// 撤销, again and again while the service asks to retry.
    pub async fn reverse_stubbornly(&self, request_id: &str, settlement: &Settlement) -> Answer<Settlement> {
        for _ in 0..200 {
            match self.reverse(request_id, settlement).await {
                Err(error) if error.retry_after.is_some() => {
                    tokio::time::sleep(error.retry_after.unwrap_or_default()).await;
                }
                answer => return answer,
            }
        }
        self.reverse(request_id, settlement).await
    }

    /// A settlement by id.
    pub async fn get(&self, setl_id: &str) -> Answer<Settlement> {
        let request = GetSettlementRequest { setl_id: setl_id.to_owned(), ..Default::default() };
        self.look_at(request).await
    }

    /// A settlement, for a purpose or by a grant.
    pub async fn look_at(&self, request: GetSettlementRequest) -> Answer<Settlement> {
        Ok(read(self.settlements().get_settlement(request).await)?.settlement.expect("a settlement"))
    }

    /// A page of a person's settlements.
    pub async fn list(
        &self,
        psn_no: &str,
        poolarea_no: &str,
        page_size: i32,
        page_token: &str,
    ) -> Answer<ListSettlementsResponse> {
        let request = ListSettlementsRequest {
            psn_no: psn_no.to_owned(),
            poolarea_no: poolarea_no.to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..ListSettlementsRequest::default()
        };
        self.look_through(request).await
    }

    /// A page of a person's settlements, for a purpose.
    pub async fn look_through(&self, request: ListSettlementsRequest) -> Answer<ListSettlementsResponse> {
        read(self.settlements().list_settlements(request).await)
    }

    /// 一单
    pub async fn statement(&self, setl_id: &str) -> Answer<GetStatementResponse> {
        let request = GetStatementRequest { setl_id: setl_id.to_owned(), ..Default::default() };
        read(self.settlements().get_statement(request).await)
    }

    /// What a person's settlements add up to, by policy year and name.
    pub async fn accumulators(&self, psn_no: &str, poolarea_no: &str) -> Vec<(String, String, i64)> {
        let request = GetAccumulatorsRequest {
            psn_no: psn_no.to_owned(),
            poolarea_no: poolarea_no.to_owned(),
            ..GetAccumulatorsRequest::default()
        };
        let answer = read(self.settlements().get_accumulators(request).await).expect("accumulators");
        answer.accumulators.into_iter().map(|a| (a.policy_year, a.accumulator, a.total)).collect()
    }

    /// What a person was paid.
    pub async fn benefits(&self, request: GetBenefitsRequest) -> Answer<GetBenefitsResponse> {
        read(self.settlements().get_benefits(request).await)
    }

    /// One of them; 0 when there is none.
    pub async fn accumulator(&self, psn_no: &str, poolarea_no: &str, year: &str, name: &str) -> i64 {
        let all = self.accumulators(psn_no, poolarea_no).await;
        all.into_iter().find(|(y, n, _)| y == year && n == name).map_or(0, |(.., total)| total)
    }

    /// Computes a stored settlement again.
    pub async fn replay(&self, setl_id: &str) -> Answer<ReplaySettlementResponse> {
        let request = ReplaySettlementRequest { setl_id: setl_id.to_owned() };
        read(self.settlements().replay_settlement(request).await)
    }

    /// The feed.
    pub async fn watch(&self, resume_token: &str) -> Answer<Streaming<WatchSettlementsResponse>> {
        self.watch_for(resume_token, "").await
    }

    /// The feed, for a purpose.
    pub async fn watch_for(
        &self,
        resume_token: &str,
        purpose: &str,
    ) -> Answer<Streaming<WatchSettlementsResponse>> {
        let (resume_token, purpose) = (resume_token.to_owned(), purpose.to_owned());
        let mut request = tonic::Request::new(WatchSettlementsRequest { resume_token, purpose });
        request.set_timeout(Duration::from_secs(600));
        read(self.settlements().watch_settlements(request).await)
    }

    /// Checks the books of an area.
    pub async fn check_books(&self, poolarea_no: &str) -> CheckBooksResponse {
        let request = CheckBooksRequest { poolarea_no: poolarea_no.to_owned() };
        read(self.settlements().check_books(request).await).expect("the books are checked")
    }

    /// Pays into an account, and the whole answer to it.
    pub async fn pay_in(&self, request: DepositRequest) -> Answer<DepositResponse> {
        read(self.accounts().deposit(request).await)
    }

    /// Pays into an account; the balance afterwards.
    pub async fn deposit(&self, psn_no: &str, poolarea_no: &str, amount_fen: i64) -> i64 {
        let request = DepositRequest {
            request_id: some_id(),
            psn_no: psn_no.to_owned(),
            poolarea_no: poolarea_no.to_owned(),
            amount_fen,
        };
        self.pay_in(request).await.expect("a deposit").balc_fen
    }

    /// Takes a booking of an account of the composite area back.
    pub async fn cancel_booking(
        &self,
        request_id: &str,
        psn_no: &str,
        booking_id: &str,
    ) -> Answer<CancelAccountBookingResponse> {
        let request = CancelAccountBookingRequest {
            request_id: request_id.to_owned(),
            psn_no: psn_no.to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            booking_id: booking_id.to_owned(),
        };
        read(self.accounts().cancel_account_booking(request).await)
    }

    /// Pays a relative's contribution from an account.
    pub async fn pay_contribution(&self, request: PayContributionRequest) -> Answer<PayContributionResponse> {
        read(self.accounts().pay_contribution(request).await)
    }

    /// What was booked on an account of the composite area, newest first.
    pub async fn bookings(&self, psn_no: &str) -> Vec<AccountBooking> {
        self.bookings_in(psn_no, COMPOSITE_AREA).await
    }

    /// The same of an account of another area.
    pub async fn bookings_in(&self, psn_no: &str, poolarea_no: &str) -> Vec<AccountBooking> {
        let (psn_no, poolarea_no) = (psn_no.to_owned(), poolarea_no.to_owned());
        let request = ListAccountBookingsRequest { psn_no, poolarea_no, ..Default::default() };
        read(self.accounts().list_account_bookings(request).await).expect("bookings").bookings
    }

    /// Balance of an account.
    pub async fn balance(&self, psn_no: &str, poolarea_no: &str) -> i64 {
        let request = GetAccountRequest { psn_no: psn_no.to_owned(), poolarea_no: poolarea_no.to_owned() };
        read(self.accounts().get_account(request).await).expect("an account").balc_fen
    }

    /// Checks a policy document.
    pub async fn check_policy(&self, document: &str) -> CheckPolicyResponse {
        let request = CheckPolicyRequest { document: document.to_owned() };
        read(self.policies().check_policy(request).await).expect("checked")
    }

    /// Publishes rules of settling.
    pub async fn publish_settlement_rules(&self, document: &str) -> Answer<PublishSettlementRulesResponse> {
        let request = PublishSettlementRulesRequest { request_id: some_id(), document: document.to_owned() };
        read(self.settlement_rules().publish_settlement_rules(request).await)
    }

    /// Publishes a policy document.
    pub async fn publish_policy(&self, document: &str) -> Answer<PublishPolicyResponse> {
        self.publish_this_policy(document, false).await
    }

    /// Publishes a policy document that warns of nothing.
    pub async fn publish_policy_strictly(&self, document: &str) -> Answer<PublishPolicyResponse> {
        self.publish_this_policy(document, true).await
    }

    async fn publish_this_policy(&self, document: &str, strict: bool) -> Answer<PublishPolicyResponse> {
        let request = PublishPolicyRequest { request_id: some_id(), document: document.to_owned(), strict };
        read(self.policies().publish_policy(request).await)
    }

    /// Records a status of a contract.
    pub async fn record_contract(
        &self,
        request: RecordContractStatusRequest,
    ) -> Answer<RecordContractStatusResponse> {
        let request = RecordContractStatusRequest { request_id: some_id(), ..request };
        read(self.institutions().record_contract_status(request).await)
    }

    /// Withdraws one.
    pub async fn withdraw_contract(&self, status: &ContractStatus) -> Answer<WithdrawContractStatusResponse> {
        let request = WithdrawContractStatusRequest {
            request_id: some_id(),
            fixmedins_code: status.fixmedins_code.clone(),
            status_id: status.status_id.clone(),
            reason: "误记".to_owned(),
        };
        read(self.institutions().withdraw_contract_status(request).await)
    }

    /// What an institution settled on days without a contract.
    pub async fn settled_without_contract(&self, code: &str) -> Vec<SettledWithoutContract> {
        let request =
            ListSettledWithoutContractRequest { fixmedins_code: code.to_owned(), ..Default::default() };
        let answer = self.institutions().list_settled_without_contract(request).await;
        answer.expect("a list").into_inner().settlements
    }

    /// Imports institutions.
    pub async fn import_institutions(
        &self,
        request_id: &str,
        institutions: Vec<Institution>,
    ) -> Answer<ImportInstitutionsResponse> {
        let request = ImportInstitutionsRequest { request_id: request_id.to_owned(), institutions };
        read(self.institutions().import_institutions(request).await)
    }

    /// Imports catalogue entries.
    pub async fn import_catalogue(
        &self,
        request_id: &str,
        items: Vec<CatalogueItem>,
    ) -> Answer<ImportCatalogueResponse> {
        let request = ImportCatalogueRequest { request_id: request_id.to_owned(), items };
        read(self.catalogue().import_catalogue(request).await)
    }

    /// 门诊慢特病: entitled from a day, to be verified again by another.
    pub async fn entitle_to_disease(&self, psn_no: &str, dise_codg: &str, begndate: &str, reverify_by: &str) {
        self.recognise(psn_no, DiseaseKind::Chronic, (dise_codg, begndate, reverify_by)).await;
    }

    /// 两病: entitled from a day, for good.
    pub async fn entitle_to_two_diseases(&self, psn_no: &str, dise_codg: &str, begndate: &str) {
        self.recognise(psn_no, DiseaseKind::TwoDiseases, (dise_codg, begndate, "")).await;
    }

    async fn recognise(
        &self,
        psn_no: &str,
        kind: DiseaseKind,
        (dise_codg, begndate, reverify_by): (&str, &str, &str),
    ) {
        let entitlement = DiseaseEntitlement {
            kind: kind.into(),
            dise_codg: dise_codg.to_owned(),
            dise_name: "高血压".to_owned(),
            begndate: begndate.to_owned(),
            reverify_by: reverify_by.to_owned(),
            ..DiseaseEntitlement::default()
        };
        let row = DiseaseEntitlementRow {
            psn_no: psn_no.to_owned(),
            entitlement: Some(entitlement),
            withdrawn: false,
        };
        let request = ImportDiseaseEntitlementsRequest { request_id: some_id(), rows: vec![row] };
        read(self.coverage().import_disease_entitlements(request).await).expect("entitled");
    }

    /// Registers persons with everything about them.
    pub async fn enrol(&self, people: &[Person]) {
        let mut enrollment = self.enrollment();
        macro_rules! import {
            ($call:ident, $request:ident, $rows:expr) => {
                let rows: Vec<_> = $rows.collect();
                for rows in rows.chunks(IMPORT_ROWS) {
                    let request = $request { request_id: some_id(), rows: rows.to_vec() };
                    read(enrollment.$call(request).await).expect(stringify!($call));
                }
            };
        }
        import!(import_persons, ImportPersonsRequest, people.iter().map(|person| person.row.clone()));
        import!(
            import_coverages,
            ImportCoveragesRequest,
            people.iter().map(|person| person.coverage.clone())
        );
        import!(
            import_identities,
            ImportIdentitiesRequest,
            people.iter().flat_map(|person| person.identities.clone())
        );
        import!(
            import_memberships,
            ImportMembershipsRequest,
            people.iter().flat_map(|person| person.memberships.clone())
        );
        import!(
            import_account_shares,
            ImportAccountSharesRequest,
            people.iter().flat_map(|person| person.shares.clone())
        );
    }

    /// Account shares as an agency's list.
    pub async fn import_shares(&self, rows: Vec<AccountShareRow>) {
        let request = ImportAccountSharesRequest { request_id: some_id(), rows };
        read(self.enrollment().import_account_shares(request).await).expect("imported");
    }

    /// The person's version in the register.
    pub async fn person_version(&self, psn_no: &str) -> i64 {
        let request = GetPersonRequest { psn_no: psn_no.to_owned(), ..GetPersonRequest::default() };
        let answer = read(self.enrollment().get_person(request).await).expect("a person");
        answer.person.expect("a person").person_version
    }
}
