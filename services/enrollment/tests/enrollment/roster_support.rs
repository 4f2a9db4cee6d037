//! A department that sends rosters.

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use yizhan_proto::enrollment::v1::load_roster_request::Part as Say;
use yizhan_proto::enrollment::v1::load_roster_response::Part as Told;
use yizhan_proto::enrollment::v1::roster_service_client::RosterServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;

use crate::support::{as_caller, error};

/// 民政 of the test's area.
pub const CIVIL_AFFAIRS: &str = "department:430200.civil-affairs";

/// Somebody who may send rosters.
#[derive(Clone)]
pub struct Department {
    pub client: RosterServiceClient<Channel>,
    pub caller: String,
}

/// What a stream told, in the end.
#[derive(Debug, Default)]
pub struct Answered {
    pub ready: Option<RosterReady>,
    pub results: Vec<RosterRowResult>,
    pub summary: Option<RosterSummary>,
}

impl Answered {
    pub fn summary(&self) -> &RosterSummary {
        self.summary.as_ref().expect("a summary")
    }

    /// Row number and reason of refused rows.
    pub fn refused(&self) -> Vec<(i64, &str)> {
        let refused = self.results.iter().filter(|row| row.outcome() == RosterRowOutcome::Refused);
        refused.map(|row| (row.row_number, row.reason.as_str())).collect()
    }
}

/// A stream that is open.
pub struct OpenStream {
    pub say: mpsc::Sender<LoadRosterRequest>,
    pub told: Streaming<LoadRosterResponse>,
}

pub fn header(roster_id: &str, mode: RosterMode, total_rows: usize) -> RosterHeader {
    RosterHeader {
        roster_id: roster_id.into(),
        poolarea_no: "430200".into(),
        department: "civil-affairs".into(),
        mode: mode.into(),
        effective_date: "2024-06-01".into(),
        total_rows: total_rows as i64,
        kinds: vec!["低保".into(), "特困".into()],
        tell_all_rows: true,
    }
}

/// Has it from a day on.
pub fn add(psn_no: &str, name: &str, begndate: &str, enddate: &str) -> RosterRow {
    RosterRow {
        psn_no: psn_no.into(),
        name: name.into(),
        action: RosterAction::Add.into(),
        begndate: begndate.into(),
        enddate: enddate.into(),
        ..RosterRow::default()
    }
}

/// Has it until a day.
pub fn remove(psn_no: &str, name: &str, enddate: &str) -> RosterRow {
    RosterRow {
        action: RosterAction::Remove.into(),
        begndate: String::new(),
        ..add(psn_no, name, "", enddate)
    }
}

/// The contract's digest, made as its text says and not by the service's code.
#[derive(Clone)]
pub struct RowDigest {
    sum: [u8; 32],
    rows: i64,
}

impl RowDigest {
    pub fn new() -> Self {
        RowDigest { sum: [0; 32], rows: 0 }
    }

    pub fn add(&mut self, row: &RosterRow) {
        self.rows += 1;
        let number = self.rows.to_string();
        let action = row.action.to_string();
        let fields = [
            number.as_str(),
            &row.psn_no,
            &row.psn_cert_type,
            &row.certno,
            &row.psn_idet_type,
            &row.name,
            &action,
            &row.begndate,
            &row.enddate,
        ];
        let mut sum = Sha256::new();
        sum.update(self.sum);
        sum.update(fields.join("\u{1f}"));
        self.sum = sum.finalize().into();
    }

    pub fn seal(&self) -> RosterSeal {
        RosterSeal { row_count: self.rows, digest: data_encoding::HEXLOWER.encode(&self.sum) }
    }
}

pub fn seal_of(rows: &[RosterRow]) -> RosterSeal {
    let mut digest = RowDigest::new();
    rows.iter().for_each(|row| digest.add(row));
    digest.seal()
}

pub fn said(part: Say) -> LoadRosterRequest {
    LoadRosterRequest { part: Some(part) }
}

pub fn rows_from(first_row_number: i64, rows: &[RosterRow]) -> LoadRosterRequest {
    said(Say::Rows(RosterRows { first_row_number, rows: rows.to_vec() }))
}

impl Department {
    pub async fn at(url: String, caller: &str) -> Department {
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        Department { client: RosterServiceClient::new(channel), caller: caller.to_owned() }
    }

    pub fn as_caller(&self, caller: &str) -> Department {
        Department { caller: caller.to_owned(), ..self.clone() }
    }

    /// Opens a stream with a header, and waits for what the service says to it.
    pub async fn open(&self, header: &RosterHeader) -> Result<(OpenStream, RosterReady), RemoteError> {
        let (say, saying) = mpsc::channel(4);
        say.send(said(Say::Header(header.clone()))).await.unwrap();
        let request = as_caller(&self.caller, ReceiverStream::new(saying));
        let mut told = self.client.clone().load_roster(request).await.map_err(error)?.into_inner();
        match told.message().await.map_err(error)?.expect("an answer").part {
            Some(Told::Ready(ready)) => Ok((OpenStream { say, told }, ready)),
            other => panic!("not ready: {other:?}"),
        }
    }

    /// Sends a whole roster, or the rest of it.
    pub async fn load(&self, header: &RosterHeader, rows: &[RosterRow]) -> Result<Answered, RemoteError> {
        let (stream, ready) = self.open(header).await?;
        let next = ready.next_row_number as usize;
        for (at, some) in rows[next - 1..].chunks(1000).enumerate() {
            if stream.say.send(rows_from((next + at * 1000) as i64, some)).await.is_err() {
                break;
            }
        }
        let _ = stream.say.send(said(Say::Seal(seal_of(rows)))).await;
        let mut answered = stream.rest().await?;
        answered.ready = Some(ready);
        Ok(answered)
    }

    pub async fn get(&self, header: &RosterHeader) -> Result<Roster, RemoteError> {
        let request = GetRosterRequest {
            poolarea_no: header.poolarea_no.clone(),
            department: header.department.clone(),
            roster_id: header.roster_id.clone(),
        };
        let answer = self.client.clone().get_roster(as_caller(&self.caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().roster.unwrap())
    }

    pub async fn list(
        &self,
        header: &RosterHeader,
        refused_only: bool,
        page_size: i32,
        page_token: &str,
    ) -> Result<ListRosterRowsResponse, RemoteError> {
        let request = ListRosterRowsRequest {
            poolarea_no: header.poolarea_no.clone(),
            department: header.department.clone(),
            roster_id: header.roster_id.clone(),
            refused_only,
            page_size,
            page_token: page_token.into(),
        };
        let request = as_caller(&self.caller, request);
        Ok(self.client.clone().list_roster_rows(request).await.map_err(error)?.into_inner())
    }

    pub async fn abandon(
        &self,
        request_id: &str,
        header: &RosterHeader,
    ) -> Result<AbandonRosterResponse, RemoteError> {
        let request = AbandonRosterRequest {
            request_id: request_id.into(),
            poolarea_no: header.poolarea_no.clone(),
            department: header.department.clone(),
            roster_id: header.roster_id.clone(),
        };
        let request = as_caller(&self.caller, request);
        Ok(self.client.clone().abandon_roster(request).await.map_err(error)?.into_inner())
    }
}

impl OpenStream {
    /// Says nothing more, and listens to the end.
    pub async fn rest(self) -> Result<Answered, RemoteError> {
        let OpenStream { say, mut told } = self;
        drop(say);
        let mut answered = Answered::default();
        while let Some(LoadRosterResponse { part }) = told.message().await.map_err(error)? {
            match part {
                Some(Told::Results(RosterRowResults { results })) => answered.results.extend(results),
                Some(Told::Summary(summary)) => answered.summary = Some(summary),
                Some(Told::Progress(_)) => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
        Ok(answered)
    }

    /// Cuts the connection of this stream: the service is not told that it is over.
    pub fn cut(self) {
        drop(self.told);
    }

    /// What the service says when it ends the stream.
    pub async fn refusal(mut self) -> RemoteError {
        loop {
            match self.told.message().await {
                Ok(Some(LoadRosterResponse { part: Some(Told::Progress(_)) })) => {}
                Ok(other) => panic!("not refused: {other:?}"),
                Err(status) => return status_of(status),
            }
        }
    }
}

fn status_of(status: Status) -> RemoteError {
    error(status)
}
