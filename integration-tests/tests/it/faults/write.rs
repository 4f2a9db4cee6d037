//! What clients write, and what they are told.

use std::time::Duration;

use prost::Message;
use tonic::{Request, Response, Status};
use yizhan_integration_tests::{Answer, Client};
use yizhan_proto::enrollment::v1::*;
use yizhan_proto::filing::v1::{AdvanceFilingRequest, Filing, SubmitFilingRequest};
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::error::RemoteError;

/// One request that changes something, with its own request id.
#[derive(Clone, Debug)]
pub enum Write {
    Settle(SettleRequest),
    Reverse(ReverseRequest),
    Manual(RecordManualPaymentRequest),
    CancelManual(CancelManualPaymentRequest),
    Upload(UploadFeesRequest),
    CancelFees(CancelFeesRequest),
    Merge(MergePersonsRequest),
    Deposit(DepositRequest),
    Person(ImportPersonsRequest),
    Coverage(ImportCoveragesRequest),
    Identity(ImportIdentitiesRequest),
    Submit(SubmitFilingRequest),
    Advance(AdvanceFilingRequest),
}

/// The answer to it.
#[derive(Clone, Debug)]
pub struct Told {
    pub replayed: bool,
    /// All of the answer but that, to be compared.
    pub bytes: Vec<u8>,
    pub settlement: Option<Settlement>,
    pub filing: Option<Filing>,
}

/// Who calls.
#[derive(Clone)]
pub struct Callers {
    /// The local administrator.
    pub everybody: Client,
    /// The agency of an area, for filings.
    pub agency: Client,
}

impl Write {
    pub async fn send(&self, callers: &Callers, deadline: Duration) -> Answer<Told> {
        let Callers { everybody, agency } = callers;
        match self.clone() {
            Write::Settle(request) => {
                let answer = told(everybody.settlements().settle(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).settlement(answer.settlement))
            }
            Write::Reverse(request) => {
                let answer = told(everybody.settlements().reverse(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).settlement(answer.settlement))
            }
            Write::Manual(request) => {
                let answer =
                    told(everybody.manual_payments().record_manual_payment(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).settlement(answer.settlement))
            }
            Write::CancelManual(request) => {
                let answer =
                    told(everybody.manual_payments().cancel_manual_payment(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).settlement(answer.settlement))
            }
            Write::Upload(request) => {
                let answer = told(everybody.fees().upload_fees(within(deadline, request)).await)?;
                let replayed = answer.replayed;
                let bytes = UploadFeesResponse { replayed: false, ..answer }.encode_to_vec();
                Ok(Told { bytes, ..Told::of(replayed) })
            }
            Write::CancelFees(request) => {
                let answer = told(everybody.fees().cancel_fees(within(deadline, request)).await)?;
                let replayed = answer.replayed;
                let bytes = CancelFeesResponse { replayed: false, ..answer }.encode_to_vec();
                Ok(Told { bytes, ..Told::of(replayed) })
            }
            Write::Merge(request) => {
                let answer = told(everybody.merges().merge_persons(within(deadline, request)).await)?;
                let replayed = answer.replayed;
                let bytes = MergePersonsResponse { replayed: false, ..answer }.encode_to_vec();
                Ok(Told { bytes, ..Told::of(replayed) })
            }
            Write::Deposit(request) => {
                let answer = told(everybody.accounts().deposit(within(deadline, request)).await)?;
                Ok(Told { bytes: answer.balc_fen.to_be_bytes().to_vec(), ..Told::of(answer.replayed) })
            }
            Write::Person(request) => {
                let answer = told(everybody.enrollment().import_persons(within(deadline, request)).await)?;
                Ok(Told::imported(answer.outcome))
            }
            Write::Coverage(request) => {
                let answer = told(everybody.enrollment().import_coverages(within(deadline, request)).await)?;
                Ok(Told::imported(answer.outcome))
            }
            Write::Identity(request) => {
                let answer = told(everybody.enrollment().import_identities(within(deadline, request)).await)?;
                Ok(Told::imported(answer.outcome))
            }
            Write::Submit(request) => {
                let answer = told(agency.filings().submit_filing(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).filing(answer.filing))
            }
            Write::Advance(request) => {
                let answer = told(agency.filings().advance_filing(within(deadline, request)).await)?;
                Ok(Told::of(answer.replayed).filing(answer.filing))
            }
        }
    }
}

/// Begins the numbers of visits that clients race for.
pub const CONTESTED: &str = "C-";
/// Begins those of visits whose lines many bring.
pub const BROUGHT: &str = "E-";
/// Begins those of stays that are settled in parts, and the numbers of their persons.
pub const IN_PARTS: &str = "Y-";
/// Begins the numbers of records that are merged into others.
pub const GOES: &str = "W";

impl Write {
    /// Whether somebody else was first, and that is how it is told.
    pub fn is_second(&self, error: &RemoteError) -> bool {
        let merged = error.reason == "PERSON_MERGED";
        match self {
            Write::Settle(SettleRequest { visit: Some(visit), .. })
                if visit.mdtrt_id.starts_with(CONTESTED) =>
            {
                ["VISIT_SETTLED", "LINE_SETTLED", "TRACE_CODE_REPEATED"]
                    .iter()
                    .any(|reason| error.says(reason))
            }
            Write::Settle(SettleRequest { visit: Some(visit), .. })
                if visit.mdtrt_id.starts_with(BROUGHT) =>
            {
                ["VISIT_SETTLED", "FEES_CHANGED", "FEE_UNKNOWN"].contains(&error.reason.as_str())
            }
            Write::Settle(SettleRequest { visit: Some(visit), .. })
                if visit.mdtrt_id.starts_with(IN_PARTS) =>
            {
                ["VISIT_SETTLED", "PART_OUT_OF_ORDER"].contains(&error.reason.as_str())
            }
            Write::Settle(SettleRequest { visit: Some(visit), .. }) => {
                merged && visit.psn_no.starts_with(GOES)
            }
            Write::Manual(_) => error.reason == "VISIT_SETTLED",
            Write::Upload(_) => error.reason == "FEES_SETTLED",
            Write::CancelFees(_) => ["FEES_SETTLED", "FEE_UNKNOWN"].contains(&error.reason.as_str()),
            Write::Reverse(request) if request.psn_no.starts_with(IN_PARTS) => {
                error.reason == "LATER_SETTLEMENTS_STAND"
            }
            Write::Reverse(request) => merged && request.psn_no.starts_with(GOES),
            Write::Deposit(request) => merged && request.psn_no.starts_with(GOES),
            _ => false,
        }
    }

    /// Whether it makes a settlement.
    pub fn settles(&self) -> bool {
        matches!(self, Write::Settle(_) | Write::Reverse(_) | Write::Manual(_) | Write::CancelManual(_))
    }
}

impl Told {
    fn of(replayed: bool) -> Told {
        Told { replayed, bytes: Vec::new(), settlement: None, filing: None }
    }

    fn settlement(self, settlement: Option<Settlement>) -> Told {
        let bytes = settlement.as_ref().expect("a settlement").encode_to_vec();
        Told { bytes, settlement, ..self }
    }

    fn filing(self, filing: Option<Filing>) -> Told {
        let bytes = filing.as_ref().expect("a filing").encode_to_vec();
        Told { bytes, filing, ..self }
    }

    fn imported(outcome: Option<ImportOutcome>) -> Told {
        let outcome = outcome.expect("an outcome");
        let bytes = ImportOutcome { replayed: false, ..outcome }.encode_to_vec();
        Told { bytes, ..Told::of(outcome.replayed) }
    }
}

pub fn within<T>(deadline: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    request
}

pub fn told<T>(answer: Result<Response<T>, Status>) -> Answer<T> {
    answer.map(Response::into_inner).map_err(|status| Box::new(RemoteError::from(status)))
}
